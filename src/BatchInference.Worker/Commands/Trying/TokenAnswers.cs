using System.Text.Json.Nodes;
using BatchInference.Models.Shelf;
using BatchInference.Models.Tokens;

namespace BatchInference.Worker.Commands.Trying;

/// <summary>A model of which this program uses nothing but its tokenizer.</summary>
internal sealed class TokenAnswers(ModelUse model, TryRequest request) : ModelAnswers(model, request)
{
    protected override void Add(JsonObject answer, TryLine line, TokenizedText tokens, CancellationToken cancellationToken)
    {
    }
}
