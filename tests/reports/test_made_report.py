# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of results made by hand: the page is well formed, refers to nothing outside itself, and every number of its
effects comes from a result row. Speaks TAP. Argument: the made-report program."""
import html.parser
import json
import re
import subprocess
import sys
import xml.etree.ElementTree

PROGRAM = sys.argv[1]
SPOKEN = {"h1", "h2", "h3", "p", "caption", "th", "dt", "dd", "span"}
SAME = re.compile(r"[\W\d]*|Participants|mission-kortrijk · AEARCTR-0002786|p|Holm|BH|Westfall-Young|n|[a-z]|primary|secondary"
                  r"|.*EUR per month|ICC|Clients|Places|Test|Question|variation"
                  r"|Annelien|Bert <b> & \"co\"|Chloé|Dirk Vandenbroucke|E")
VOID = {"meta", "br", "hr", "img", "link", "input"}
NUMBER = re.compile(r"[\u2212]?\d[\d.,\u202f]*")


def made(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True).stdout.decode("utf-8")


class Page(html.parser.HTMLParser):
    """Checks nesting, collects ids, links, and the body cells of every table under its caption."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong, self.ids, self.links, self.tables = [], [], [], [], []
        self.headings, self.attributes, self.tags, self.texts = [], [], {}, []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes += [(tag, name, value) for name, value in attributes]
        if len(given) != len(attributes):
            self.wrong.append(f"<{tag}> has an attribute twice")
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag == "p" and "p" in self.open:
            self.wrong.append("<p> in <p>")
        if tag == "th" and "scope" not in given:
            self.wrong.append("<th> without scope")
        if tag == "table":
            self.tables.append({"caption": "", "heads": [], "rows": []})
        if tag == "tr" and "tbody" in self.open:
            self.tables[-1]["rows"].append([])
        if tag in ("td", "th") and "tbody" in self.open:
            self.tables[-1]["rows"][-1].append("")
        if tag == "th" and "thead" in self.open:
            self.tables[-1]["heads"].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag in SPOKEN:
            self.texts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in SPOKEN:
            self.texts[-1] += data
        if "caption" in self.open:
            self.tables[-1]["caption"] += data
        elif "sup" in self.open:
            pass
        elif "tbody" in self.open and ("td" in self.open or "th" in self.open):
            self.tables[-1]["rows"][-1][-1] += data
        elif "thead" in self.open and "th" in self.open:
            self.tables[-1]["heads"][-1] += data


def read_number(text, language):
    text = text.replace("\u2212", "-")
    if language == "fr":
        return text.replace("\u202f", "").replace(",", ".")
    return text.replace(",", "")


def roundings(results):
    """Every way in which a number of a row may be shown."""
    shown = {"0.001"}
    for row in results["rows"]:
        for value in row.values():
            if isinstance(value, (int, float)):
                for scaled in (value, value * 100):
                    shown.update(f"{scaled:.{decimals}f}" for decimals in range(5))
    return shown


def foreign_numbers(page, results, language):
    known, found = roundings(results), []
    tables = [t for t in page.tables if t["caption"].startswith(("Estimate “", "Estimation «"))]
    for table in tables:
        for row in table["rows"]:
            for head, cell in list(zip(table["heads"], row))[1:]:
                if head in ("Wave", "Vague", "Contrast", "Contraste"):
                    continue
                found += [n for n in NUMBER.findall(cell) if read_number(n, language) not in known]
    cells = sum(len(t["rows"]) for t in tables)
    return found if cells == len(results["rows"]) else [f"{cells} rows of effects, not {len(results['rows'])}"]


def page_problems(page):
    problems = list(page.wrong)
    problems += [f"id {name} twice" for name in set(page.ids) if page.ids.count(name) > 1]
    problems += [f"link {link} leads nowhere" for link in page.links if link[1:] not in page.ids or link[0] != "#"]
    problems += [f"{tag} {name}" for tag, name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    problems += [f"{tag}" for tag in ("script", "link", "img", "iframe", "object", "b") if tag in page.tags]
    if page.tags.get("h1") != 1 or page.headings[0] != 1:
        problems.append("not one h1 at the top")
    if any(after > before + 1 for before, after in zip(page.headings, page.headings[1:])):
        problems.append("a heading level is skipped")
    problems += ["a table without caption" for table in page.tables if not table["caption"]]
    widths = [{sum(1 for _ in row) for row in table["rows"] if len(row) > 1} for table in page.tables]
    problems += ["a table with ragged rows" for width in widths if len(width) > 1]
    return problems


def text_box(text):
    """Roughly what a text of a figure covers: left, right, top, bottom."""
    x, y, wide = float(text.get("x")), float(text.get("y")), 6.2 * len(text.text)
    left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
    return left, left + wide, y - 9, y + 2


def figure_problems(markup):
    """One figure: well-formed XML with words in its place, everything inside its frame, no text on another."""
    svg = xml.etree.ElementTree.fromstring(markup)
    left, top, right, bottom = map(float, svg.get("viewBox").split())
    problems = [] if svg.get("role") == "img" else ["no role"]
    problems += [f"no {tag}" for tag in ("title", "desc") if not (svg.findtext(tag) or "").strip()]
    for element in svg.iter():
        for name, value in element.attrib.items():
            across = name in ("x", "x1", "x2", "cx") and "transform" not in element.attrib
            if across and not left - 1 <= float(value) <= right + 1:
                problems.append(f"{element.tag} {name} {value} is outside")
            if name in ("y", "y1", "y2", "cy") and not top - 1 <= float(value) <= bottom + 1:
                problems.append(f"{element.tag} {name} {value} is outside")
    texts = [text for text in svg.iter("text") if "transform" not in text.attrib]
    for n, one in enumerate(texts):
        for other in texts[:n]:
            a, b = text_box(one), text_box(other)
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]:
                problems.append(f'"{one.text}" stands on "{other.text}"')
    return problems


def all_figure_problems(text):
    found = re.findall(r"<svg .*?</svg>", text, re.S)
    problems = [problem for markup in found for problem in figure_problems(markup)]
    return problems if len(found) == 3 else problems + [f"{len(found)} figures, not 3"]


def main():
    results = json.loads(made("en", "json"))
    cases = []
    for language in ("en", "fr"):
        text = made(language, "html")
        page = Page(text)
        cases.append((f"{language}: the page is well formed and self-contained", page_problems(page)))
        cases.append((f"{language}: every number of the effects comes from a row",
                      foreign_numbers(page, results, language)))
        cases.append((f"{language}: figures are well formed and readable", all_figure_problems(text)))
        cases.append((f"{language}: the same bytes again", [] if made(language, "html") == text else ["other bytes"]))
        cases.append((f"{language}: the language is declared",
                      [] if ("html", "lang", language) in page.attributes else ["no lang"]))
    english, french = Page(made("en", "html")), Page(made("fr", "html"))
    same = english.headings == french.headings and english.tags == french.tags
    cases.append(("both languages have the same structure", [] if same else ["headings or tags differ"]))
    pairs = list(zip(english.texts, french.texts))
    cases.append(("no text is left in the other language",
                  [f'"{en}" in both' for en, fr in pairs if en == fr and not SAME.fullmatch(en)]))
    print(f"1..{len(cases)}")
    for number, (name, problems) in enumerate(cases, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    return any(problems for _, problems in cases)


sys.exit(main())
