//! How a page gets what it shows: asked for while the server draws it, carried over in the HTML, asked for again when the
//! address changes or when it failed for a reason that may pass. One for all pages: resources, and what waits for them, are
//! much code for each kind of answer.

use crate::api::andon::{AndonBoard, get_andon_dashboard_data};
use crate::api::board::BoardView;
use crate::api::error::ApiError;
use crate::api::line::LineView;
use crate::api::sheet::Sheet;
use crate::ui::components::problem::Problem;
use crate::ui::live::Live;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use std::sync::Arc;

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The line.
    pub code: String,
    /// The live page, not a view that the server draws.
    pub live: bool,
    /// The first bound of the window, in epoch milliseconds.
    pub from: Option<i64>,
    /// The second.
    pub to: Option<i64>,
    /// The whole query, for what the server draws.
    pub query: String,
}

/// What a page shows. What is live and what is drawn of a line must never be of two addresses, so it says of which it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Shown {
    /// The calls alone.
    Andon,
    /// The plant board.
    Board(BoardView),
    /// A line as it is.
    Line(Box<LineView>, Sheet, Wanted),
    /// A view of a line that the server has drawn.
    Drawn(Sheet),
}

/// What is asked for, on its way.
pub type Asked = Pin<Box<dyn Future<Output = Result<Shown, ApiError>> + Send>>;

/// With the open calls, of which every page tells. Who may not see calls sees everything else.
type Answer = Result<(Shown, Option<AndonBoard>), ApiError>;

/// What the reader of a page may: names of permissions, as the document around it says.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct May(pub String);

/// Whether the reader may see calls; who may not is not to ask for them.
fn may_see_calls() -> bool {
    #[cfg(feature = "ssr")]
    let may = use_context::<May>().map(|May(names)| names);
    #[cfg(not(feature = "ssr"))]
    let may = document()
        .body()
        .and_then(|body| body.get_attribute("data-may"));
    may.is_some_and(|may| may.split(' ').any(|name| name == "andon:read"))
}

async fn with_calls(asked: Asked, may_see_calls: bool) -> Answer {
    match asked.await? {
        Shown::Andon => Ok((Shown::Andon, Some(get_andon_dashboard_data().await?))),
        // Asking would be refused, and on the server a refusal becomes the status of the whole page.
        shown if !may_see_calls => Ok((shown, None)),
        shown => Ok((shown, get_andon_dashboard_data().await.ok())),
    }
}

/// The page that `draw` makes of what `ask` gets for `wanted`; `waiting` stands in its place meanwhile.
pub fn loaded(
    wanted: Memo<Wanted>,
    ask: fn(Wanted) -> Asked,
    waiting: fn() -> AnyView,
    draw: impl Fn(Shown) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    page(wanted, ask, waiting, Arc::new(draw))
}

fn page(
    wanted: Memo<Wanted>,
    ask: fn(Wanted) -> Asked,
    waiting: fn() -> AnyView,
    draw: Arc<dyn Fn(Shown) -> AnyView + Send + Sync>,
) -> AnyView {
    let may_see_calls = may_see_calls();
    let answer = Resource::new(
        move || wanted.get(),
        move |wanted| with_calls(ask(wanted), may_see_calls),
    );
    view! {
        <Transition fallback=waiting>
            {move || {
                let draw = Arc::clone(&draw);
                Suspend::new(async move {
                    match answer.await {
                        Ok((shown, calls)) => {
                            if let Some(board) = calls {
                                expect_context::<Live>().calls.show(board);
                            }
                            draw(shown)
                        }
                        Err(error) => {
                            let retry = Callback::new(move |()| answer.refetch());
                            view! { <Problem error=error retry=retry /> }.into_any()
                        }
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}
