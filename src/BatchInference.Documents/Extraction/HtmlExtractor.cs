using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace BatchInference.Documents.Extraction;

/// <summary>The main text of an HTML page: no scripts, menus, forms or hidden parts; blocks become paragraphs, rows of tables lines.</summary>
internal sealed partial class HtmlExtractor : TextExtractor
{
    private static readonly HashSet<string> Left = new(StringComparer.OrdinalIgnoreCase)
    {
        "script", "style", "noscript", "template", "nav", "aside", "form", "button", "select", "input", "textarea", "iframe", "object", "svg", "canvas", "audio", "video", "map", "head", "dialog", "menu",
    };

    private static readonly HashSet<string> Blocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
        "main", "ol", "p", "pre", "section", "summary", "table", "ul",
    };

    private static readonly HashSet<string> Lines = new(StringComparer.OrdinalIgnoreCase) { "li", "tr", "br" };

    public override IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Html];

    public override int Revision => 3;

    public override ExtractedText Extract(Stream content, string mediaType, ExtractionLimits limits, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        content.CopyTo(buffer);
        var text = new TextBuilder(limits);
        var title = Append(Decode(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)), text, withTitle: true, cancellationToken);
        return title.Length == 0 ? text.Build(mediaType) : text.Build(mediaType).With(new Dictionary<string, string> { ["title"] = title });
    }

    /// <summary>Adds the main text of a page, and gives its title; empty when it has none.</summary>
    internal static string Append(string html, TextBuilder text, bool withTitle, CancellationToken cancellationToken)
    {
        using var page = new HtmlParser().ParseDocument(html);
        cancellationToken.ThrowIfCancellationRequested();
        // Not that of a drawing in the page; blanks and line ends in it are one blank (HTML, "document.title").
        var title = page.Title ?? "";
        if (page.Body is not { } body) return title;
        if (withTitle && page.QuerySelector("h1") is null && title.Length > 0)
        {
            text.Append(title);
            text.EndParagraph();
        }

        var parts = new MarkedParts();
        Walk(body, parts.Enter, parts.Leave, cancellationToken);
        Walk(parts.Main ?? body, node => Enter(node, text), node => Leave(node, text), cancellationToken);
        return title;
    }

    // Without recursion: pages nest as deeply as they like.
    private static void Walk(IElement root, Func<INode, bool> enter, Action<INode> leave, CancellationToken cancellationToken)
    {
        INode? node = root;
        var steps = 0;
        while (node is not null)
        {
            if ((++steps & 1023) == 0) cancellationToken.ThrowIfCancellationRequested();
            if (enter(node) && node.FirstChild is { } child)
            {
                node = child;
                continue;
            }

            while (node is not null && node != root && node.NextSibling is null)
            {
                leave(node);
                node = node.Parent;
            }

            if (node is null || node == root) return;
            leave(node);
            node = node.NextSibling;
        }
    }

    private static bool Enter(INode node, TextBuilder text)
    {
        if (node is IText words)
        {
            text.Append(words.Data);
            return false;
        }

        if (node is not IElement element) return false;
        var name = element.LocalName;
        if (Left.Contains(name) || IsHidden(element)) return false;
        if (Blocks.Contains(name)) text.EndParagraph();
        else if (Lines.Contains(name)) text.EndLine();
        if (name == "li") text.Append("- ");
        if (name is "td" or "th" && element.PreviousElementSibling is not null) text.Append(" | ");
        return true;
    }

    private static void Leave(INode node, TextBuilder text)
    {
        if (node is not IElement element) return;
        if (Blocks.Contains(element.LocalName)) text.EndParagraph();
        else if (Lines.Contains(element.LocalName)) text.EndLine();
    }

    private static bool IsHidden(IElement element) =>
        element.HasAttribute("hidden")
        || element.GetAttribute("aria-hidden") is "true"
        || element.GetAttribute("role") is "navigation" or "banner" or "search" or "dialog" or "alertdialog" or "contentinfo" or "menu"
        || (element.GetAttribute("style") is { Length: > 0 } style && HiddenStyle().IsMatch(style))
        || (element.LocalName is "div" or "section" or "p" && ConsentName().IsMatch($"{element.Id} {element.ClassName}"))
        || (element.LocalName is "header" or "footer" && element.Parent is { NodeName: "BODY" } && element.QuerySelector("h1") is null);

    // The mark, else what is valid UTF-8, else what the page declares, else what the letters say.
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        var head = Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 4096)]);
        var declared = Charset().Match(head);
        var saysUtf8 = declared.Success && declared.Groups[1].Value.StartsWith("utf", StringComparison.OrdinalIgnoreCase);
        if (declared.Success && !saysUtf8 && !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            try
            {
                return CodePagesEncodingProvider.Instance.GetEncoding(declared.Groups[1].Value)?.GetString(bytes) ?? TextEncodings.Decode(bytes);
            }
            catch (ArgumentException)
            {
                // A name that nobody knows says nothing.
            }
        }

        return TextEncodings.Decode(bytes, saysUtf8);
    }

    /// <summary>Finds the part that a page marks as its main one, and that says most of its text: a mark around a mere headline is none, and of several articles none is the page.</summary>
    private sealed class MarkedParts
    {
        private readonly List<(IElement Element, int Signs)> mains = [];
        private readonly List<(IElement Element, int Signs)> articles = [];
        private (IElement? Element, int Before) main;
        private (IElement? Element, int Before) article;
        private int signs;

        /// <summary>The part; null when it is the whole page.</summary>
        public IElement? Main => mains.FirstOrDefault(IsMost).Element ?? (articles is [var only] && IsMost(only) ? only.Element : null);

        // Some sites put the whole page into a form.
        public bool Enter(INode node)
        {
            if (node is IText words) signs += words.Data.Count(sign => !char.IsWhiteSpace(sign));
            if (node is not IElement element || (Left.Contains(element.LocalName) && element.LocalName != "form")) return false;
            if (main.Element is null && (element.LocalName == "main" || element.GetAttribute("role") == "main")) main = (element, signs);
            else if (article.Element is null && element.LocalName == "article") article = (element, signs);
            return true;
        }

        public void Leave(INode node)
        {
            if (node == main.Element) Keep(mains, ref main);
            else if (node == article.Element) Keep(articles, ref article);
        }

        private void Keep(List<(IElement Element, int Signs)> parts, ref (IElement? Element, int Before) open)
        {
            if (signs > open.Before) parts.Add((open.Element!, signs - open.Before));
            open = default;
        }

        private bool IsMost((IElement Element, int Signs) part) => part.Signs * 2L > signs;
    }

    [GeneratedRegex(@"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(px|pt|em)?\s*(;|$)|mso-hide\s*:\s*all", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HiddenStyle();

    [GeneratedRegex(@"(^|[\s_-])(cookie|consent|gdpr|rgpd|tarteaucitron|breadcrumb|sidebar|skip-?link|newsletter)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ConsentName();

    [GeneratedRegex(@"<meta[^>]+charset\s*=\s*[""']?([A-Za-z0-9_-]+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Charset();
}
