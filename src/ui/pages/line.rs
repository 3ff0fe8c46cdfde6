//! `/lines/{code}`: one line over a stretch of time, with the account behind every figure.

#[cfg(feature = "ssr")]
pub mod drawn;
mod header;
mod help;
mod machines;
mod model;
mod panels;
mod stops;

use crate::api::line::{LineView, Part, line};
use crate::api::sheet::{Sheet, sheet};
use crate::ui::arrival::announce_arrival;
use crate::ui::components::drawn::drawn;
use crate::ui::components::footer::Footer;
use crate::ui::components::views::View;
use crate::ui::live::Live;
use crate::ui::loaded::{Asked, Shown, Wanted, loaded};
use header::LineHeader;
use help::Help;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use machines::Machines;
use model::{Accounts, LineModel};
use panels::{Figures, Output, Ribbons};
use stops::Stops;

/// What the address asks for. A bound that is no number is refused by name where the page is drawn.
fn wanted(params: &ParamsMap, query: &ParamsMap) -> Wanted {
    let live = View::from_name(query.get("view").as_deref()) == Some(View::Now);
    let bound = |name: &str| query.get(name).and_then(|text| text.parse().ok());
    Wanted {
        code: params.get("code").unwrap_or_default(),
        live,
        from: bound("from"),
        to: bound("to"),
        query: query.to_query_string(),
    }
}

/// The page of a line.
#[component]
pub fn LinePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let wanted = Memo::new(move |_| params.with(|p| query.with(|q| wanted(p, q))));
    // A choice within a view leaves the reader where they are; another view or line begins at its heading.
    let last = StoredValue::new(None::<(String, String)>);
    let arrive = move || {
        let view = query.with_untracked(|q| q.get("view").unwrap_or_default());
        let place = (wanted.with_untracked(|w| w.code.clone()), view);
        if last.with_value(|last| last.as_ref() != Some(&place)) {
            last.set_value(Some(place));
            announce_arrival();
        }
    };
    let draw = move |shown| {
        arrive();
        match shown {
            Shown::Line(view, sheet, wanted) => {
                view! { <LineBody view=*view sheet=sheet wanted=wanted /> }.into_any()
            }
            Shown::Drawn(sheet) => view! { <SheetBody sheet=sheet /> }.into_any(),
            _ => waiting(),
        }
    };
    view! {
        // Until the name of the line is known.
        <Title text="Line" />
        {loaded(wanted, ask, waiting, draw)}
    }
    .into_any()
}

fn ask(wanted: Wanted) -> Asked {
    Box::pin(async move {
        let view = if wanted.live {
            Some(line(wanted.code.clone(), wanted.from, wanted.to).await?)
        } else {
            None
        };
        let sheet = sheet(wanted.code.clone(), wanted.query.clone()).await?;
        Ok(match view {
            Some(view) => Shown::Line(Box::new(view), sheet, wanted),
            None => Shown::Drawn(sheet),
        })
    })
}

/// A view that the server has drawn.
#[component]
fn SheetBody(sheet: Sheet) -> impl IntoView {
    expect_context::<Live>().start_clock(sheet.now);
    let mut parts = sheet.parts;
    view! {
        <Title text=sheet.name />
        <div class="line-page">
            <div class="sheet" inner_html=parts.pop().unwrap_or_default()></div>
            <Footer as_of=Signal::stored(sheet.as_of) />
        </div>
    }
    .into_any()
}

/// The page's frame while its numbers are on the way.
fn waiting() -> AnyView {
    view! {
        <div class="line-page" aria-busy="true">
            <header class="page-head">
                <h1>"Line"</h1>
            </header>
            <main id="main" tabindex="-1" class="line-main">
                <p class="unseen">"Loading"</p>
                <div class="figures">
                    {std::iter::repeat_with(|| view! { <div class="panel figure waiting"></div> })
                        .take(4)
                        .collect_view()}
                </div>
            </main>
        </div>
    }
    .into_any()
}

/// The page with its numbers.
#[component]
fn LineBody(view: LineView, sheet: Sheet, wanted: Wanted) -> impl IntoView {
    let model = LineModel::new(view);
    let accounts = Accounts::new(sheet, wanted.clone());
    model.keep_current(wanted);
    let title = Memo::new(move |_| model.view.with(|v| v.tile.name.clone()));
    let as_of = Signal::derive(move || {
        model
            .view
            .with(|v| format!("as of {}", v.site.clock.clock(v.now)))
    });
    view! {
        <Title text=move || title.get() />
        <div class="line-page">
            <LineHeader model=model />
            <main id="main" tabindex="-1" class="line-main">
                <Help model=model />
                {drawn(model.drawn(Part::Elsewhere))}
                <Figures model=model accounts=accounts />
                <Ribbons model=model />
                <div class="line-columns">
                    <Output model=model />
                    <section class="panel">
                        {drawn(model.drawn(Part::Time))}
                    </section>
                </div>
                <Machines model=model />
                <Stops model=model />
            </main>
            <Footer as_of=as_of />
        </div>
    }
    .into_any()
}
