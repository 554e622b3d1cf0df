using BatchInference.Pipeline;
using BatchInference.Worker.Configuration;
using BatchInference.Worker.Jobs;
using BatchInference.Worker.Notices;
using MimeKit;

namespace BatchInference.Worker.Tests.Notices;

public sealed class NightReportTests
{
    private static readonly NightReport Report = new()
    {
        Job = "archives",
        Night = new DateOnly(2026, 11, 25),
        End = RunEnd.Stopped,
        Reason = "the night closed",
        Counts = new RunCounts { Completed = 1200, Partial = 3, Failed = 2, Temporary = 1 },
        Remaining = 40,
        Failures = [new FailureReason("extract", "The PDF is encrypted and no password is configured.", 2, true), new FailureReason("open", "The storage gives nothing.", 1, false)],
        Folder = "/srv/results/archives/_runs/20261125T190000Z-4f2a",
    };

    [Fact]
    public void AMailSaysWhatAnAdminWantsToKnowInTheMorning()
    {
        Report.Subject.ShouldBe("[BatchInference] archives, night of 2026-11-25: stopped in good order, the next night goes on");
        Report.ToText("node-1").ShouldBe("""
            The night of 2026-11-25 of the job archives on node-1: stopped in good order, the next night goes on.
            Reason: the night closed

                  1200  completed
                     3  partial
                     2  failed
                     1  to be tried again
                    40  remaining

            Failures by reason:
                     2  extract: The PDF is encrypted and no password is configured.
                     1  open: The storage gives nothing. (tried again)
            The documents: batch-inference failures archives

            Report: /srv/results/archives/_runs/20261125T190000Z-4f2a

            """.ReplaceLineEndings("\n"));
        Report.ToJson("node-1").ToJsonString().ShouldStartWith("""{"text":"archives, night of 2026-11-25: stopped in good order, the next night goes on; 1200 completed, 3 partial, 2 failed, 1 to be tried again","job":"archives","night":"2026-11-25","machine":"node-1","end":"stopped","reason":"the night closed","problems":true,"completed":1200,""");
    }

    [Fact]
    public void NothingThatComesFromADocumentBecomesAHeaderALineOrMarkup()
    {
        const string Nasty = "lettre.pdf\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>\u2028.\r\nQUIT\u202e";
        var report = Report with
        {
            Reason = Nasty,
            Folder = "/srv/" + Nasty,
            Failures = [new FailureReason("extract", Nasty, 1, true)],
        };
        var lines = report.ToText("node\n1").Split('\n');
        lines.Length.ShouldBe(Report.ToText("node-1").Split('\n').Length - 1);
        lines.ShouldNotContain(line => line.StartsWith("Bcc", StringComparison.Ordinal) || line.StartsWith('<') || line == ".");
        report.ToText("node").ShouldNotContain("\u202e");

        var mail = new MorningMail(new MailSettings { Server = "smtp.example", From = "archives@example.org", To = ["admin@example.org"] }, null, TimeProvider.System).Message(report);
        mail.Headers.Select(header => header.Field).ShouldBe(["From", "Date", "Subject", "Message-Id", "To", "Auto-Submitted"], ignoreOrder: true);
        var whole = new MemoryStream();
        mail.WriteTo(whole);
        whole.Position = 0;
        var read = MimeMessage.Load(whole);
        read.Bcc.ShouldBeEmpty();
        read.To.ToString().ShouldBe("admin@example.org");
        read.HtmlBody.ShouldBeNull();
        read.TextBody!.ShouldContain("<script>");
        ((string)report.ToJson("node")["failures"]![0]!["reason"]!).ShouldNotContain("\n");
    }

    [Fact]
    public void WhatALibrarySaidOfADocumentStaysInTheResults()
    {
        var report = Report with { Failures = [new FailureReason("extract", "Reading the document failed: 'Quetzalcoatlus' is an unexpected token.", 1, true)] };
        report.ToText("node").ShouldContain("extract: Reading the document failed.\n");
        (report.ToText("node") + report.ToJson("node").ToJsonString()).ShouldNotContain("Quetzalcoatlus");
    }

    [Fact]
    public void ANightWithoutAnyTroubleIsNoProblem()
    {
        (Report with { End = RunEnd.Complete, Counts = new RunCounts { Completed = 5 } }).HasProblems.ShouldBeFalse();
        (Report with { End = RunEnd.Complete, Counts = new RunCounts { Completed = 5, Temporary = 1 } }).HasProblems.ShouldBeTrue();
        (Report with { End = RunEnd.Stopped, Counts = new RunCounts { Completed = 5 } }).HasProblems.ShouldBeTrue();
    }
}
