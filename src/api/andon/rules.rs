//! Rules of who is called when, as programs send and see them.

use crate::domain::andon::{AutoRule, CallKind, Ladder, Limit, Priority, ReopenWithin, Step};
use serde::{Deserialize, Serialize};

/// A rule to be: the calls for which it holds, and its steps. What is left out is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonRuleBody))]
#[serde(default, deny_unknown_fields)]
pub struct RuleBody {
    /// Only calls of this kind.
    pub kind: Option<CallKind>,
    /// Only calls of this priority.
    pub priority: Option<Priority>,
    /// Only calls on this line, by code.
    pub line: Option<String>,
    /// Only calls in shifts of this name.
    pub shift: Option<String>,
    /// Its steps, at least one.
    pub steps: Vec<Step>,
    /// As the caller saw it; not looked at for a new one.
    pub version: i64,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonRuleView))]
pub struct RuleView {
    /// Its number.
    pub id: i64,
    /// Counts its changes.
    pub version: i64,
    /// Only calls of this kind.
    pub kind: Option<CallKind>,
    /// Only calls of this priority.
    pub priority: Option<Priority>,
    /// Only calls on this line, by code.
    pub line: Option<String>,
    /// Only calls in shifts of this name.
    pub shift: Option<String>,
    /// Its steps.
    pub steps: Ladder,
}

/// The steps that hold where no rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonDefault))]
pub struct DefaultView {
    /// For calls of this kind.
    pub kind: CallKind,
    /// And of this priority.
    pub priority: Priority,
    /// The steps.
    pub steps: Ladder,
}

/// A rule by which machines call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonAutoView))]
pub struct AutoView {
    /// Its number.
    pub id: i64,
    /// Counts its changes.
    pub version: i64,
    /// Only at machines of this line, by code.
    pub line: Option<String>,
    /// Only at this machine, by code.
    pub machine: Option<String>,
    /// The rule.
    pub rule: AutoRule,
}

/// A rule by which machines call, to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonAutoBody))]
#[serde(deny_unknown_fields)]
pub struct AutoBody {
    /// As the caller saw it; not looked at for a new one.
    #[serde(default)]
    pub version: i64,
    /// Only at machines of this line, by code; without line and machine: everywhere.
    #[serde(default)]
    pub line: Option<String>,
    /// Only at this machine, by code.
    #[serde(default)]
    pub machine: Option<String>,
    /// The rule.
    pub rule: AutoRule,
}

/// What holds for all calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonGeneral))]
#[serde(deny_unknown_fields)]
pub struct GeneralView {
    /// Counts its changes; of one to be: as the caller saw it.
    pub version: i64,
    /// For how long after it was resolved a call may be reopened, closed meanwhile or not, in milliseconds.
    pub reopen: ReopenWithin,
    /// How often one person may be told.
    pub quiet: Limit,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonRules))]
pub struct RulesView {
    /// The rules, in the order in which they are looked at: of those that hold for a call the first is picked.
    pub rules: Vec<RuleView>,
    /// What holds where none of them does.
    pub defaults: Vec<DefaultView>,
    /// By what machines call by themselves.
    pub autos: Vec<AutoView>,
    /// What holds for all calls.
    pub general: GeneralView,
}

/// Something that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonMade))]
pub struct Made {
    /// Its number.
    pub id: i64,
}
