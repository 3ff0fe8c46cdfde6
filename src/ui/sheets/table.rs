//! Tables, lists of facts and chart boxes, made from rows of cells.

use leptos::prelude::*;

/// A cell.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: String,
    beneath: Option<String>,
    href: Option<String>,
    links: Vec<(String, String)>,
    class: &'static str,
    ms: Option<i64>,
}

/// A cell of words.
pub fn words(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        class: "words",
        ..Cell::default()
    }
}

/// A cell with a number.
pub fn number(text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        class: "number",
        ..Cell::default()
    }
}

impl Cell {
    /// Opens an address.
    #[must_use]
    pub fn opens(mut self, href: String) -> Self {
        self.href = Some(href);
        self
    }

    /// With links below each other: the text of each, and its address.
    #[must_use]
    pub fn links(mut self, links: Vec<(String, String)>) -> Self {
        self.links = links;
        self
    }

    /// With small print beneath.
    #[must_use]
    pub fn beneath(mut self, text: Option<String>) -> Self {
        self.beneath = text.filter(|t| !t.is_empty());
        self
    }

    /// In a class of its own.
    #[must_use]
    pub fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// With its exact time in milliseconds, for whoever adds up.
    #[must_use]
    pub fn ms(mut self, ms: i64) -> Self {
        self.ms = Some(ms);
        self
    }

    fn view(self, first: bool) -> AnyView {
        let beneath = self
            .beneath
            .map(|text| view! { <small class="beneath">{text}</small> });
        let text = match self.href {
            Some(href) => view! { <a class="cell-link" href=href>{self.text}</a> }.into_any(),
            None => self.text.into_any(),
        };
        let link = |(text, href): (String, String)| {
            view! {
                <div>
                    <a class="cell-link" href=href>
                        {text}
                    </a>
                </div>
            }
        };
        let links: Vec<_> = self.links.into_iter().map(link).collect();
        if first {
            view! { <th scope="row" class=self.class>{text}{links}{beneath}</th> }.into_any()
        } else {
            view! { <td class=self.class data-ms=self.ms>{text}{links}{beneath}</td> }.into_any()
        }
    }
}

/// A row of a table's foot or body.
fn row(cells: Vec<Cell>) -> AnyView {
    let cells: Vec<AnyView> = cells
        .into_iter()
        .enumerate()
        .map(|(i, cell)| cell.view(i == 0))
        .collect();
    view! { <tr>{cells}</tr> }.into_any()
}

/// A table with a caption. Columns whose name starts with `#` hold numbers.
pub fn table(caption: &str, head: &[&str], rows: Vec<Vec<Cell>>, foot: Vec<Vec<Cell>>) -> AnyView {
    let head: Vec<AnyView> = head
        .iter()
        .map(|name| {
            let text = name.trim_start_matches('#').to_owned();
            let class = if text.len() < name.len() {
                "number"
            } else {
                ""
            };
            view! { <th scope="col" class=class>{text}</th> }.into_any()
        })
        .collect();
    let rows: Vec<AnyView> = rows.into_iter().map(row).collect();
    let foot: Vec<AnyView> = foot.into_iter().map(row).collect();
    let foot = (!foot.is_empty()).then(|| view! { <tfoot>{foot}</tfoot> });
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label=caption.to_owned()>
            <table class="table">
                <caption>{caption.to_owned()}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows}</tbody>
                {foot}
            </table>
        </div>
    }
    .into_any()
}

/// A fact: its name, its value, and what it means or follows from.
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it means.
    pub note: String,
}

/// A list of facts.
pub fn facts(list: Vec<Fact>) -> AnyView {
    let items: Vec<AnyView> = list
        .into_iter()
        .map(|fact| {
            view! {
                <div class="fact">
                    <dt>{fact.name}</dt>
                    <dd>
                        <b>{fact.value}</b>
                        <small class="beneath">{fact.note}</small>
                    </dd>
                </div>
            }
            .into_any()
        })
        .collect();
    view! { <dl class="facts">{items}</dl> }.into_any()
}

/// A surface with a heading.
pub fn panel(title: String, inside: Vec<AnyView>) -> AnyView {
    view! {
        <section class="panel">
            <h2>{title}</h2>
            {inside}
        </section>
    }
    .into_any()
}

/// A drawing, in a box that scrolls where the screen is narrow.
pub fn chart(label: &str, svg: String) -> AnyView {
    view! {
        <div
            class="chart-box"
            tabindex="0"
            role="region"
            aria-label=label.to_owned()
            inner_html=svg
        ></div>
    }
    .into_any()
}

/// A sentence.
pub fn note(text: impl Into<String>) -> AnyView {
    view! { <p class="panel-note">{text.into()}</p> }.into_any()
}

/// A sentence that wants attention.
pub fn caution(text: impl Into<String>) -> AnyView {
    view! { <p class="caution">{text.into()}</p> }.into_any()
}
