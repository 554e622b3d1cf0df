namespace BatchInference.Documents.Extraction;

/// <summary>Where a job's records (JSON, JSON lines, Parquet) have what is read of them.</summary>
/// <param name="Text">The field or column of the text; null for the field <c>text</c> of a record, and for all of a JSON file.</param>
/// <param name="Id">A field or column that is carried into the row; null for none.</param>
public sealed record ContentFields(string? Text = null, string? Id = null)
{
    /// <summary>The field of a record when none is configured.</summary>
    public const string UsualText = "text";

    /// <summary>For the fingerprint of a run: with other fields, documents have other texts. Null when nothing is configured.</summary>
    public string? Description => Text is null && Id is null ? null : $"{Text}\n{Id}";
}
