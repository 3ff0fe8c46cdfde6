//! Fields of forms, with what is wrong with them beside them.

use crate::domain::plant::FieldError;
use leptos::prelude::*;

/// What was wrong with a form that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong(pub Vec<FieldError>);

impl Wrong {
    /// What is wrong with one field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<String> {
        let found = self.0.iter().find(|f| f.field == field);
        found.map(|f| f.problem.clone())
    }

    /// Whether the cursor belongs into this field: it is the first that is wrong.
    fn begins_at(&self, field: &str) -> bool {
        self.0.first().is_some_and(|f| f.field == field)
    }

    /// What is wrong as a whole, in front of the form; all fields are named, also those that the form does not show.
    #[must_use]
    pub fn summary(&self) -> Option<AnyView> {
        if self.0.is_empty() {
            return None;
        }
        let line = |f: &FieldError| view! { <li>{format!("{}: {}", f.field, f.problem)}</li> };
        let lines: Vec<_> = self.0.iter().map(line).collect();
        Some(
            view! {
                <div class="form-problem" role="alert">
                    <p>"Not done. Look at this again:"</p>
                    <ul>{lines}</ul>
                </div>
            }
            .into_any(),
        )
    }
}

/// One line of text.
#[derive(Clone, Debug, Default)]
pub struct Text<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its words.
    pub label: &'a str,
    /// `text`, `password`, `email`, `number`, …
    pub kind: &'a str,
    /// What it holds.
    pub value: &'a str,
    /// What a browser may fill in.
    pub autocomplete: &'a str,
    /// More words.
    pub hint: &'a str,
    /// It must be filled in.
    pub required: bool,
    /// Which keyboard a tablet shows.
    pub inputmode: &'a str,
    /// The cursor stands in it from the beginning.
    pub focus: bool,
}

impl Text<'_> {
    /// The field.
    #[must_use]
    pub fn draw(self, wrong: &Wrong) -> AnyView {
        self.draw_in("field", wrong)
    }

    /// The same on a page with several forms: its id begins with the word `form`.
    #[must_use]
    pub fn draw_in(self, form: &str, wrong: &Wrong) -> AnyView {
        let id = format!("{form}-{}", self.name);
        let said = format!("{id}-said");
        let problem = wrong.of(self.name);
        let invalid = problem.is_some().then_some("true");
        let words = problem.unwrap_or_else(|| self.hint.to_owned());
        let described = (!words.is_empty()).then(|| said.clone());
        let kind = if self.kind.is_empty() {
            "text"
        } else {
            self.kind
        };
        let inputmode = (!self.inputmode.is_empty()).then(|| self.inputmode.to_owned());
        view! {
            <div class="field" class:field-wrong=invalid.is_some()>
                <label for=id.clone()>{self.label.to_owned()}</label>
                <input
                    id=id
                    name=self.name.to_owned()
                    type=kind.to_owned()
                    value=self.value.to_owned()
                    autocomplete=self.autocomplete.to_owned()
                    inputmode=inputmode
                    required=self.required
                    autofocus=(self.focus && wrong.0.is_empty()) || wrong.begins_at(self.name)
                    aria-invalid=invalid
                    aria-describedby=described
                />
                <p class="field-said" id=said>
                    {words}
                </p>
            </div>
        }
        .into_any()
    }
}

/// Why something is done, for the record; nobody has to say so.
#[must_use]
pub fn why() -> AnyView {
    view! {
        <label class="field">
            <span>"Why, for the audit trail (optional)"</span>
            <input type="text" name="why" autocomplete="off" maxlength="500" />
        </label>
    }
    .into_any()
}

/// Tells a browser that keeps passwords whose the form is about; people do not see it.
#[must_use]
pub fn whose(login: &str) -> AnyView {
    view! { <input type="text" name="login" autocomplete="username" value=login.to_owned() hidden readonly /> }
        .into_any()
}

/// One of several.
#[derive(Clone, Debug, Default)]
pub struct Choice<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its words.
    pub label: &'a str,
    /// What can be chosen: what is sent, and its words.
    pub options: Vec<(String, String)>,
    /// What is chosen.
    pub chosen: &'a str,
}

impl Choice<'_> {
    /// The field.
    #[must_use]
    pub fn draw(self, wrong: &Wrong) -> AnyView {
        self.draw_in("field", wrong)
    }

    /// The same on a page with several forms: its id begins with the word `form`.
    #[must_use]
    pub fn draw_in(self, form: &str, wrong: &Wrong) -> AnyView {
        let id = format!("{form}-{}", self.name);
        let said = format!("{id}-said");
        let problem = wrong.of(self.name);
        let invalid = problem.is_some().then_some("true");
        let option = |(value, words): (String, String)| {
            let selected = value == self.chosen;
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        };
        let options: Vec<_> = self.options.into_iter().map(option).collect();
        view! {
            <div class="field" class:field-wrong=invalid.is_some()>
                <label for=id.clone()>{self.label.to_owned()}</label>
                <select id=id name=self.name.to_owned() aria-invalid=invalid aria-describedby=said.clone()>
                    {options}
                </select>
                <p class="field-said" id=said>
                    {problem}
                </p>
            </div>
        }
        .into_any()
    }
}
