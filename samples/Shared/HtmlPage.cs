using System.Net;
using System.Text;

namespace Recsys.Samples;

/// <summary>One HTML file that needs nothing else.</summary>
internal static class HtmlPage
{
    /// <summary>A page with a title that is also its heading.</summary>
    public static StringBuilder Begin(string title) => new($$"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>{{WebUtility.HtmlEncode(title)}}</title>
        <style>
        body{font:14px system-ui,sans-serif;margin:2em;color:#222}
        h2{font-size:1.1em;margin:1.5em 0 .3em}
        text{font:12px system-ui,sans-serif;fill:#222}
        td,th{padding:.2em 1em .2em 0;text-align:left}
        </style>
        </head><body><h1>{{WebUtility.HtmlEncode(title)}}</h1>

        """);

    public static string End(StringBuilder page) => page.Append("</body></html>\n").ToString();
}
