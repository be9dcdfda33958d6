/// What is asked of every page in the browser: each script returns the texts of what is wrong.
enum PageChecks {
    /// Everything that is operated has a name, everything that is seen has another, and the page has one heading of its own.
    static let names = """
        const wrong = [];
        for (const field of document.querySelectorAll("input:not([type=hidden], [hidden]), select, textarea")) {
            if (!field.labels.length && !field.ariaLabel) wrong.push("no label: " + field.outerHTML);
        }
        for (const element of document.querySelectorAll("a[href], button, summary")) {
            if (!element.textContent.trim() && !element.ariaLabel) wrong.push("no name: " + element.outerHTML);
        }
        for (const image of document.images) if (!image.hasAttribute("alt")) wrong.push("no alt: " + image.outerHTML);
        for (const drawing of document.querySelectorAll("svg")) {
            if (!drawing.previousElementSibling?.classList.contains("unseen")) wrong.push("a chart without its words");
        }
        if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
        if (!document.title || !document.documentElement.lang) wrong.push("no title or language");
        if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
        if (document.querySelector("[tabindex]:not([tabindex='-1'])")) wrong.push("an order of its own");
        const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
        if (new Set(ids).size !== ids.length) wrong.push("an id twice");
        for (const head of document.querySelectorAll("th")) if (!head.scope) wrong.push("a heading without scope");
        return wrong;
        """

    /// WCAG 2.2 AA: every text is 4.5 to 1 against what is behind it, a large one 3 to 1.
    static let contrast = """
        const part = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        const colour = (text) => text.match(/[\\d.]+/g).map(Number);
        const behind = (element) => {
            for (let e = element; e; e = e.parentElement) {
                const back = colour(getComputedStyle(e).backgroundColor);
                if (back.length < 4 || back[3] > 0) return back;
            }
            return [255, 255, 255];
        };
        const wrong = new Set();
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const element = walk.currentNode.parentElement;
            if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest(".unseen, .skip, option")) continue;
            const style = getComputedStyle(element);
            const [a, b] = [light(colour(element instanceof SVGElement ? style.fill : style.color)), light(behind(element))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            const size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
            if (ratio < (isLarge ? 3 : 4.5)) wrong.add(ratio.toFixed(2) + " " + walk.currentNode.data.trim().slice(0, 40));
        }
        for (const field of document.querySelectorAll("input:not([type=hidden], [hidden]), select")) {
            const [a, b] = [light(colour(getComputedStyle(field).borderTopColor)), light(behind(field.parentElement))];
            if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3) wrong.add("the border of " + (field.id || field.type));
        }
        return [...wrong];
        """

    /// Nothing is wider than the window, and nothing that is touched is tiny.
    static let fits = """
        const wrong = [];
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth > width) {
            for (const e of document.querySelectorAll("main :not(thead, thead *)")) {
                if (e.getBoundingClientRect().right > width + 1) { wrong.push("too wide: " + e.outerHTML.slice(0, 120)); break; }
            }
            if (!wrong.length) wrong.push("too wide: " + document.documentElement.scrollWidth);
        }
        for (const e of document.querySelectorAll("button, select, summary, input:not([type=hidden]):not([type=checkbox])")) {
            const box = e.getBoundingClientRect();
            if (e.checkVisibility() && (box.height < 24 || box.width < 24)) wrong.push("too small: " + e.outerHTML.slice(0, 120));
        }
        return wrong;
        """

    /// Nothing was fetched from another host.
    static let hosts = """
        return performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith(location.origin + "/console/"));
        """

    /// What can be reached with the keyboard, in the order of the page.
    static let stops = """
        const seen = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")].filter((e) => e.checkVisibility());
        return seen.length;
        """

    /// Which of these has the focus, and whether that is seen: -1 where something else has it.
    static let focused = """
        const seen = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")].filter((e) => e.checkVisibility());
        const active = document.activeElement;
        const style = getComputedStyle(active);
        return [seen.indexOf(active), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
        """
}
