using System.Xml;

namespace BatchInference.Documents.Extraction;

/// <summary>How every XML from outside is read: no DTD, no entity, nothing from elsewhere.</summary>
internal static class XmlText
{
    /// <summary>Settings of a reader; entities and DTDs end it with an <see cref="XmlException"/>.</summary>
    public static XmlReaderSettings Settings(long mostCharacters, DtdProcessing dtd = DtdProcessing.Prohibit) => new()
    {
        DtdProcessing = dtd,
        XmlResolver = null,
        MaxCharactersFromEntities = 0,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = mostCharacters,
    };

    /// <summary>Goes through all nodes once, forwards; elements that <paramref name="skipped"/> names are passed over with what is in them.</summary>
    public static void Walk(XmlReader reader, Func<XmlReader, bool> skipped, Action<XmlReader> visit, CancellationToken cancellationToken)
    {
        var steps = 0;
        var standing = reader.Read();
        while (standing)
        {
            if ((++steps & 1023) == 0) cancellationToken.ThrowIfCancellationRequested();
            if (reader.NodeType == XmlNodeType.Element && skipped(reader))
            {
                // Skip moves to the node behind the element, which is looked at next.
                reader.Skip();
                standing = !reader.EOF;
                continue;
            }

            visit(reader);
            standing = reader.Read();
        }
    }

    /// <summary>True for a node that is text.</summary>
    public static bool IsText(this XmlReader reader) => reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace;
}
