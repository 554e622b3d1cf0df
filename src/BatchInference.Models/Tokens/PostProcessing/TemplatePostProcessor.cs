namespace BatchInference.Models.Tokens.PostProcessing;

internal sealed class TemplatePostProcessor(IReadOnlyList<TemplatePart> single, IReadOnlyList<TemplatePart> pair) : PostProcessor
{
    /// <summary>Texts alone.</summary>
    public static TemplatePostProcessor Bare { get; } = new([new TemplatePart(0, [], 0)], [new TemplatePart(0, [], 0), new TemplatePart(1, [], 0)]);

    public override IReadOnlyList<TemplatePart> Parts(bool pair1) => pair1 ? pair : single;
}
