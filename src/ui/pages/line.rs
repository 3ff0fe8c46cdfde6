//! `/lines/{code}`: one line over a stretch of time, with the account behind every figure.

mod account;
mod figures;
mod header;
mod machines;
mod model;
mod output;
mod ribbons;
mod stops;

use crate::api::error::ApiError;
use crate::api::line::{LineView, line};
use crate::ui::arrival::announce_arrival;
use crate::ui::components::footer::Footer;
use crate::ui::components::problem::Problem;
use account::WhereTheTimeWent;
use figures::Figures;
use header::{Elsewhere, LineHeader};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use machines::Machines;
use model::{LineModel, Wanted};
use output::Output;
use ribbons::Ribbons;
use stops::Stops;

/// The bound of the window that the address gives, if it gives one.
fn bound(query: &ParamsMap, field: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.get(field) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| ApiError::Invalid {
        field: field.to_owned(),
        problem: "must be milliseconds since 1970".to_owned(),
    })
}

fn wanted(params: &ParamsMap, query: &ParamsMap) -> Result<Wanted, ApiError> {
    Ok(Wanted {
        code: params.get("code").unwrap_or_default(),
        from: bound(query, "from")?,
        to: bound(query, "to")?,
    })
}

/// The page of a line.
#[component]
pub fn LinePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let wanted = Memo::new(move |_| params.with(|p| query.with(|q| wanted(p, q))));
    let snapshot = Resource::new(
        move || wanted.get(),
        |wanted| async move {
            let Wanted { code, from, to } = wanted?;
            line(code, from, to).await
        },
    );
    view! {
        <Transition fallback=Waiting>
            {move || Suspend::new(async move {
                match snapshot.await {
                    Ok(view) => {
                        let code = view.tile.code.clone();
                        let wanted = wanted.get_untracked().unwrap_or_else(|_| Wanted::now(code));
                        view! { <LineBody view=view wanted=wanted /> }.into_any()
                    }
                    Err(error) => {
                        let retry = Callback::new(move |()| snapshot.refetch());
                        view! {
                            <Title text="Line" />
                            <Problem error=error retry=retry />
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

/// The page's frame while its numbers are on the way.
#[component]
fn Waiting() -> impl IntoView {
    view! {
        <Title text="Line" />
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
fn LineBody(view: LineView, wanted: Wanted) -> impl IntoView {
    announce_arrival();
    let model = LineModel::new(view);
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
                <Elsewhere model=model />
                <Figures model=model />
                <Ribbons model=model />
                <div class="line-columns">
                    <Output model=model />
                    <WhereTheTimeWent model=model />
                </div>
                <Machines model=model />
                <Stops model=model />
            </main>
            <Footer as_of=as_of />
        </div>
    }
    .into_any()
}
