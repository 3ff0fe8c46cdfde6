//! Something that is shown this once: a password, a link, a key.

use leptos::prelude::*;

/// What is shown, and what to do with it.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// What it is for.
    pub words: String,
    /// The secret itself.
    pub secret: String,
    /// More to know.
    pub note: &'static str,
    /// Where to go on.
    pub on: String,
}

impl Once {
    /// The page.
    #[must_use]
    pub fn draw(self) -> AnyView {
        view! {
            <section class="panel once" role="status">
                <p class="once-words">{self.words}</p>
                <p class="once-box">
                    <code class="once-secret">{self.secret}</code>
                </p>
                <p class="panel-note">"One tap on it selects all of it, ready to be copied."</p>
                <p class="once-caution">"It is shown only now. Nobody can see it again: here only a hash of it is kept."</p>
                <p class="panel-note">{self.note}</p>
                <p>
                    <a class="button primary" href=self.on>
                        "I have it, go on"
                    </a>
                </p>
            </section>
        }
        .into_any()
    }
}
