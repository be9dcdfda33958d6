import LogoutTokens

/// The one style sheet of the page. It stands in the page itself, and the page's policy names its hash: no other
/// style, no script, no image and no other host is ever loaded.
enum DocsStyle {
    /// What the page may do.
    static let policy =
        "default-src 'none'; style-src 'sha256-\(Base64.encode(Digests.sha256(Array(text.utf8))))'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static let text = """
        :root{color-scheme:light dark;--page:#ffffff;--text:#1c2430;--soft:#566070;--line:#dde2ea;--panel:#f5f7fa;\
        --link:#0b57a4;--get:#0b57a4;--post:#176b3a;--put:#855400;--delete:#ae1f2c;--mark:#6b3fa0}
        @media (prefers-color-scheme:dark){:root{--page:#12161d;--text:#e4e8ef;--soft:#a2adbd;--line:#2c3542;--panel:#1a2029;\
        --link:#7db8f7;--get:#7db8f7;--post:#6fd197;--put:#e8b45c;--delete:#ff8f8f;--mark:#c3a2f5}}
        *{box-sizing:border-box}
        html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--text);font:1rem/1.55 system-ui,sans-serif}
        a{color:var(--link);text-decoration:none}
        a:hover,a:focus-visible{text-decoration:underline}
        :focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
        code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        .skip{position:absolute;left:-99rem}
        .skip:focus{left:1rem;top:1rem;background:var(--page);padding:.5rem 1rem;z-index:1}
        .frame{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:82rem;margin:0 auto}
        nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.75rem 1rem 2rem;border-right:1px solid var(--line);\
        font-size:.875rem}
        nav h2{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.25rem 0 .25rem;padding:0}
        nav ul{list-style:none;margin:0;padding:0}
        nav li a{display:block;padding:.125rem .5rem .125rem 3.75rem;text-indent:-3.25rem;margin:0 -.5rem;border-radius:4px;color:var(--text);overflow-wrap:anywhere}
        nav .plain a{padding-left:.5rem;text-indent:0}
        nav li a:hover{background:var(--panel)}
        main{padding:2rem 2.5rem 6rem;min-width:0}
        h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem}
        h2{font-size:1.4rem;margin:3.5rem 0 1rem;padding-bottom:.35rem;border-bottom:1px solid var(--line);text-transform:capitalize}
        h3{font-size:1.05rem;margin:0 0 .5rem;line-height:1.5}
        h4{font-size:.75rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:1.25rem 0 .35rem}
        p{margin:.25rem 0 .75rem;max-width:46rem}
        .lead{color:var(--soft);font-size:1.1rem}
        .soft{color:var(--soft)}
        .card{border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem 1.1rem;margin:0 0 1.25rem}
        .card:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
        .card h3 a{color:inherit}
        .verb{display:inline-block;text-indent:0;min-width:3.9rem;font:600 .8rem/1.5 ui-monospace,Menlo,Consolas,monospace}
        nav .verb{min-width:2.9rem;font-size:.6875rem}
        .get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
        table{border-collapse:collapse;width:100%;font-size:.9375rem}
        th{text-align:left;font-weight:600;white-space:nowrap}
        th,td{padding:.4rem .9rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
        tr:first-child>th,tr:first-child>td{border-top:0}
        th:first-child{width:15rem;white-space:normal;overflow-wrap:anywhere}
        .status th:first-child{width:4rem}
        td p{margin:.1rem 0}
        .needed{color:var(--delete);font-size:.75rem;font-weight:400}
        .word{display:inline-block;background:var(--panel);border-radius:4px;padding:0 .35rem;margin:.1rem .15rem .1rem 0}
        .inner{margin:.35rem 0 0;border-left:2px solid var(--line);padding-left:.75rem}
        .inner th:first-child{width:11rem}
        .scope{color:var(--mark)}
        footer{color:var(--soft);font-size:.875rem;margin-top:4rem}
        @media (max-width:56rem){.frame{display:block}nav{position:static;height:auto;max-height:35vh;border-right:0;\
        border-bottom:1px solid var(--line);padding:1rem 1.25rem}main{padding:1.25rem 1.25rem 4rem}h1{font-size:1.6rem}\
        .card{padding:.85rem .9rem}table,tbody,tr,th,td{display:block;width:100%}th:first-child,.inner th:first-child,\
        .status th:first-child{width:100%}td{border-top:0;padding-top:0}th{padding-bottom:0}tr+tr{margin-top:.25rem}}
        @media print{nav{display:none}.frame{display:block}.card{break-inside:avoid}}
        """
}
