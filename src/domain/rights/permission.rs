//! What a person, a key or a wall may do. One enum drives the guard, the buttons, and the table in the README.

use serde::{Deserialize, Serialize};

/// One line a permission: its variant, its name, who holds it by default, and what it allows in words. The letters stand
/// for the default roles: `A`dmin, `P`roduction manager, `S`hift manager, `E`ngineer, `O`perator, `M`aintenance,
/// `Q`uality, `V`iewer.
macro_rules! permissions {
    ($($name:ident $text:literal $held:literal $words:literal;)*) => {
        /// A permission, named `area:action`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $(#[doc = $words] $name,)*
        }

        impl Permission {
            /// Every permission, in the order of the matrix.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name: `downtime:write`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it allows, after "may".
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// The letters of the default roles that hold it.
            #[must_use]
            pub const fn held(self) -> &'static str {
                match self { $(Self::$name => $held,)* }
            }
        }
    };
}

permissions! {
    DashboardRead          "dashboard:read"          "APSEOMQV" "see the plant board";
    DashboardWrite         "dashboard:write"         "APS....." "change what boards show to everyone";
    ProductionRead         "production:read"         "APSEOMQV" "see what is produced";
    ProductionWrite        "production:write"        "AP......" "change products and their ideal rates";
    ProductionDelete       "production:delete"       "AP......" "take products out of use";
    LineRead               "line:read"               "APSEOMQV" "see a line with its machines";
    LineWrite              "line:write"              "AP......" "set up lines, machines and their rules";
    LineDelete             "line:delete"             "A......." "take lines and machines out of use";
    ShiftWrite             "shift:write"             "AP......" "change shifts, holidays and planned stops";
    ScheduleRead           "schedule:read"           "APSEOMQ." "see what is to be produced when";
    ScheduleWrite          "schedule:write"          "APS....." "plan what is to be produced when";
    ScheduleDelete         "schedule:delete"         "AP......" "take plans back";
    JobRead                "job:read"                "APSEOMQV" "see jobs";
    JobWrite               "job:write"               "APS....." "make and change jobs";
    JobAssign              "job:assign"              "APS....." "give jobs to people";
    JobAccept              "job:accept"              "A.S.O..." "take a job";
    JobStart               "job:start"               "A.S.O..." "start, pause and go on with a job";
    JobComplete            "job:complete"            "A.S.O..." "complete a job";
    ChecklistRead          "checklist:read"          "APSEOMQ." "see checklists";
    ChecklistWrite         "checklist:write"         "APS....." "make and change checklists";
    ChecklistComplete      "checklist:complete"      "A.S.OMQ." "fill in checklists";
    OeeRead                "oee:read"                "APSEOMQV" "see OEE with the time behind it";
    OeeCalculate           "oee:calculate"           "AP.E...." "have figures computed anew";
    AnalyticsRead          "analytics:read"          "APSE.MQV" "see losses, histories and comparisons";
    DowntimeRead           "downtime:read"           "APSEOMQV" "see stops and their reasons";
    DowntimeWrite          "downtime:write"          "APSEOM.." "give stops their reasons and comments";
    DowntimeConfirm        "downtime:confirm"        "APSE...." "confirm the reasons of stops";
    AndonRead              "andon:read"              "APSEOMQV" "see calls for help";
    AndonCreate            "andon:create"            "APSEOMQ." "call for help";
    AndonAcknowledge       "andon:acknowledge"       "APSE.MQ." "answer calls for help";
    AndonResolve           "andon:resolve"           "APSE.MQ." "resolve calls for help";
    AndonConfigure         "andon:configure"         "APS....." "say who is called when, who is on duty, and by what people are reached";
    EquipmentRead          "equipment:read"          "APSEOMQV" "see machines, faults and conditions";
    EquipmentWrite         "equipment:write"         "A..E.M.." "change what is on file about machines";
    EquipmentMaintenance   "equipment:maintenance"   "A..E.M.." "take machines into and out of maintenance";
    ReportsRead            "reports:read"            "APSE.MQV" "see reports";
    ReportsWrite           "reports:write"           "A......." "change reports";
    ReportsGenerate        "reports:generate"        "APSE..Q." "have reports made, and export figures";
    ReportsDelete          "reports:delete"          "A......." "delete reports";
    ReportsSchedule        "reports:schedule"        "APS....." "have reports sent at fixed times";
    ReportsTemplateManage  "reports:template:manage" "A......." "change templates of reports";
    QualityRead            "quality:read"            "APSEO.QV" "see checks and defects";
    QualityWrite           "quality:write"           "APSEO.Q." "enter checks and defects";
    QualityApprove         "quality:approve"         "AP....Q." "release or hold products";
    MaintenanceRead        "maintenance:read"        "APSEOMQV" "see maintenance work";
    MaintenanceWrite       "maintenance:write"       "AP.E.M.." "enter maintenance work";
    MaintenanceSchedule    "maintenance:schedule"    "AP.E.M.." "plan maintenance work";
    UserRead               "user:read"               "A......." "see people and what they may do";
    UserWrite              "user:write"              "A......." "add people, give them roles, reset their passwords";
    UserDelete             "user:delete"             "A......." "disable people, sign them out everywhere";
    RoleWrite              "role:write"              "A......." "make and change roles";
    KioskManage            "kiosk:manage"            "A..E...." "enrol shared tablets and wall screens";
    ApiKeyManage           "api_key:manage"          "A......." "make and revoke keys of connectors";
    IngestWrite            "ingest:write"            "A......." "send facts";
    IngestBackfill         "ingest:backfill"         "A......." "send facts of any age";
    IngestReview           "ingest:review"           "A..E...." "see, retry and dismiss what was held back at the door";
    AuditRead              "audit:read"              "A......." "read the audit trail";
    SystemConfig           "system:config"           "A......." "change settings of the program";
    SystemMonitor          "system:monitor"          "AP......" "see how the program does";
    SystemMaintenance      "system:maintenance"      "A......." "make backups and bring the program up to date";
}

impl Permission {
    /// The permission of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.name() == name)
    }

    /// The first half of its name: `downtime`.
    #[must_use]
    pub fn area(self) -> &'static str {
        self.name().split(':').next().unwrap_or_default()
    }
}

/// A set of permissions. Sets only add up: nothing denies.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermissionSet(u64);

// A bit each.
const _: () = assert!(Permission::ALL.len() <= 64);

impl PermissionSet {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// These permissions.
    #[must_use]
    pub const fn of(list: &[Permission]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << (list[i] as u64);
            i += 1;
        }
        Self(bits)
    }

    /// Every permission.
    #[must_use]
    pub const fn all() -> Self {
        Self::of(Permission::ALL)
    }

    /// Whether it holds `permission`.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << (permission as u64)) != 0
    }

    /// Whether it holds everything that `other` holds.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// What one or the other holds.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both hold.
    #[must_use]
    pub const fn in_both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What it holds and `other` does not.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its permissions, in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |p| self.has(*p))
    }

    /// Names as they are stored: sorted like the matrix, separated by spaces.
    #[must_use]
    pub fn names(self) -> String {
        let names: Vec<&str> = self.iter().map(Permission::name).collect();
        names.join(" ")
    }

    /// The set of these names, separated by spaces.
    ///
    /// # Errors
    /// The first name that no permission has.
    pub fn from_names(names: &str) -> Result<Self, String> {
        let one = |name: &str| Permission::from_name(name).ok_or_else(|| name.to_owned());
        names
            .split_whitespace()
            .map(one)
            .try_fold(Self::NONE, |set, permission| {
                Ok(set.and(Self::of(&[permission?])))
            })
    }
}

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Permission::name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_area_and_action_and_unlike() {
        let names: std::collections::BTreeSet<_> =
            Permission::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        for permission in Permission::ALL {
            let name = permission.name();
            assert!(
                name.contains(':') && !name.starts_with(':') && !name.ends_with(':'),
                "{name}"
            );
            assert_eq!(Permission::from_name(name), Some(*permission));
            assert_eq!(permission.held().len(), 8, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_set_reads_back_as_itself(bits in any::<u64>()) {
            let set = PermissionSet(bits).in_both(PermissionSet::all());
            prop_assert_eq!(PermissionSet::from_names(&set.names()), Ok(set));
        }

        #[test]
        fn sets_add_up_and_never_take_away(a in any::<u64>(), b in any::<u64>()) {
            let (a, b) = (PermissionSet(a), PermissionSet(b));
            let sum = a.and(b);
            for permission in Permission::ALL {
                prop_assert_eq!(sum.has(*permission), a.has(*permission) || b.has(*permission));
            }
            prop_assert!(sum.covers(a) && sum.covers(b));
        }

        #[test]
        fn what_both_hold_is_in_each_and_everything_is_covered_by_all(a in any::<u64>(), b in any::<u64>()) {
            let known = PermissionSet::all();
            let (a, b) = (PermissionSet(a).in_both(known), PermissionSet(b).in_both(known));
            let both = a.in_both(b);
            prop_assert!(a.covers(both) && b.covers(both) && known.covers(a.and(b)));
            prop_assert_eq!(a.covers(b), both == b);
            prop_assert_eq!(a.covers(b), a.and(b) == a);
            prop_assert!(a.without(b).in_both(b).is_empty() && a.without(b).and(both) == a);
            prop_assert_eq!(a.is_empty(), a.iter().next().is_none());
            prop_assert_eq!(a.without(b).and(both), a);
            prop_assert!(a.without(b).in_both(b).is_empty());
            prop_assert_eq!(a.and(b).iter().count() + both.iter().count(), a.iter().count() + b.iter().count());
        }

        #[test]
        fn any_text_is_a_set_or_names_what_is_wrong(text in ".{0,80}") {
            match PermissionSet::from_names(&text) {
                Ok(set) => for name in text.split_whitespace() {
                    prop_assert!(Permission::from_name(name).is_some_and(|p| set.has(p)));
                },
                Err(name) => prop_assert!(Permission::from_name(&name).is_none()),
            }
        }
    }
}
