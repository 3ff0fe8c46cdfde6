//! The eight roles that every plant starts with, and sets of permissions that belong together.

use super::permission::{Permission, PermissionSet};

/// A role as it is seeded. Sites may change it, except `admin`, which holds everything: somebody always can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRole {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its letter in the matrix.
    pub letter: char,
    /// The page that people with this role see first; `{line}` stands for the line that they are limited to, and those who
    /// are not see the board.
    pub first_page: &'static str,
}

impl DefaultRole {
    /// The permissions that it holds.
    #[must_use]
    pub fn set(&self) -> PermissionSet {
        let held = Permission::ALL
            .iter()
            .filter(|p| p.held().contains(self.letter));
        held.fold(PermissionSet::NONE, |set, p| {
            set.and(PermissionSet::of(&[*p]))
        })
    }
}

/// The roles, from the one that may most.
pub const DEFAULT_ROLES: [DefaultRole; 8] = [
    role("admin", "Administrator", 'A', "/admin/people"),
    role("production_manager", "Production Manager", 'P', "/"),
    role("shift_manager", "Shift Manager", 'S', "/"),
    role("engineer", "Engineer", 'E', "/"),
    role("operator", "Operator", 'O', "/lines/{line}"),
    role(
        "maintenance",
        "Maintenance Technician",
        'M',
        "/lines/{line}?view=stops",
    ),
    role("quality", "Quality Control", 'Q', "/"),
    role("viewer", "Viewer", 'V', "/"),
];

const fn role(
    code: &'static str,
    name: &'static str,
    letter: char,
    first_page: &'static str,
) -> DefaultRole {
    DefaultRole {
        code,
        name,
        letter,
        first_page,
    }
}

/// Permissions that are needed together.
pub mod sets {
    use super::{Permission as P, PermissionSet};

    /// Run the administration of people.
    pub const MANAGE_PEOPLE: PermissionSet =
        PermissionSet::of(&[P::UserRead, P::UserWrite, P::UserDelete, P::RoleWrite]);
    /// Plan and hand out work.
    pub const MANAGE_PRODUCTION: PermissionSet = PermissionSet::of(&[
        P::ProductionRead,
        P::ProductionWrite,
        P::ScheduleRead,
        P::ScheduleWrite,
        P::JobRead,
        P::JobWrite,
        P::JobAssign,
    ]);
    /// Do a job from taking it to completing it.
    pub const WORK_JOBS: PermissionSet =
        PermissionSet::of(&[P::JobRead, P::JobAccept, P::JobStart, P::JobComplete]);
    /// See a call, answer it, resolve it.
    pub const ANSWER_CALLS: PermissionSet =
        PermissionSet::of(&[P::AndonRead, P::AndonAcknowledge, P::AndonResolve]);
    /// Say why machines stood.
    pub const EXPLAIN_STOPS: PermissionSet =
        PermissionSet::of(&[P::DowntimeRead, P::DowntimeWrite]);
    /// Look after machines.
    pub const MAINTAIN_MACHINES: PermissionSet = PermissionSet::of(&[
        P::EquipmentRead,
        P::EquipmentMaintenance,
        P::MaintenanceRead,
        P::MaintenanceWrite,
        P::MaintenanceSchedule,
    ]);
    /// Check products and decide about them.
    pub const CONTROL_QUALITY: PermissionSet =
        PermissionSet::of(&[P::QualityRead, P::QualityWrite, P::QualityApprove]);
    /// Look at everything on the floor, change nothing.
    pub const WATCH: PermissionSet = PermissionSet::of(&[
        P::DashboardRead,
        P::ProductionRead,
        P::LineRead,
        P::JobRead,
        P::OeeRead,
        P::DowntimeRead,
        P::AndonRead,
        P::EquipmentRead,
    ]);
    /// What a shared tablet may on which nobody signed on: look, and call for help where it stands. Whoever needs help is not
    /// asked who they are first.
    pub const SHARED_TABLET: PermissionSet = WATCH.and(PermissionSet::of(&[P::AndonCreate]));
    /// What a wall that shows the board may: only what stands on it.
    pub const WALL_OF_BOARD: PermissionSet =
        PermissionSet::of(&[P::DashboardRead, P::OeeRead, P::AndonRead]);
    /// What a wall that shows the calls for help may.
    pub const WALL_OF_ANDON: PermissionSet = PermissionSet::of(&[P::AndonRead]);
    /// What a wall that shows a line's page may on that line: what each view of the page needs, whatever stands after the ?
    /// of its address.
    pub const WALL_OF_LINE: PermissionSet = WALL_OF_BOARD.and(PermissionSet::of(&[
        P::LineRead,
        P::DowntimeRead,
        P::AnalyticsRead,
    ]));
    /// Send facts: what a connector may.
    pub const SEND: PermissionSet = PermissionSet::of(&[P::IngestWrite]);
    /// Send facts of any age: what fills in the past.
    pub const SEND_OLD: PermissionSet = PermissionSet::of(&[P::IngestWrite, P::IngestBackfill]);
    /// What nobody may do on a shared tablet, whatever their roles: a badge can be found, and a PIN of four digits seen over
    /// a shoulder. Work on the floor stays; people, keys, devices, the record, the program, the plant itself and who is called
    /// when do not.
    pub const NOT_BY_BADGE: PermissionSet = PermissionSet::of(&[
        P::ProductionWrite,
        P::ProductionDelete,
        P::LineWrite,
        P::LineDelete,
        P::ShiftWrite,
        P::UserRead,
        P::UserWrite,
        P::UserDelete,
        P::RoleWrite,
        P::KioskManage,
        P::ApiKeyManage,
        P::IngestWrite,
        P::IngestBackfill,
        P::IngestReview,
        P::AuditRead,
        P::AndonConfigure,
        P::SystemConfig,
        P::SystemMonitor,
        P::SystemMaintenance,
    ]);
    /// What no key may, whoever made it: to administer people, keys, devices, the trail, or the program itself. Somebody
    /// who signs in does that, and can be asked.
    pub const NOT_BY_KEY: PermissionSet = PermissionSet::of(&[
        P::UserRead,
        P::UserWrite,
        P::UserDelete,
        P::RoleWrite,
        P::KioskManage,
        P::ApiKeyManage,
        P::AuditRead,
        P::SystemConfig,
        P::SystemMaintenance,
    ]);
    /// All that a key may hold.
    pub const BY_KEY: PermissionSet = PermissionSet::all().without(NOT_BY_KEY);
    /// What a key may hold without an end, which is to send facts and nothing else: connectors that only send are forgotten in
    /// cabinets, and harm nobody there.
    pub const WITHOUT_END: PermissionSet = SEND_OLD;
    /// Set up the plant.
    pub const SET_UP_PLANT: PermissionSet =
        PermissionSet::of(&[P::ProductionWrite, P::LineWrite, P::ShiftWrite]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default(code: &str) -> PermissionSet {
        let role = DEFAULT_ROLES.iter().find(|r| r.code == code);
        role.expect("a default role").set()
    }

    #[test]
    fn the_oddities_of_the_original_are_mended() {
        use Permission as P;
        let may = |role: &str, permission| default(role).has(permission);
        assert!(may("operator", P::JobStart) && may("operator", P::DowntimeWrite));
        assert!(may("quality", P::AndonAcknowledge));
        for role in [
            "production_manager",
            "shift_manager",
            "engineer",
            "operator",
            "maintenance",
            "quality",
        ] {
            assert!(may(role, P::AndonCreate), "{role} can call for help");
        }
        assert!(!may("viewer", P::AndonCreate) && !may("operator", P::UserRead));
    }

    #[test]
    fn the_admin_holds_everything_and_the_viewer_changes_nothing() {
        assert_eq!(default("admin"), PermissionSet::all());
        assert!(
            default("viewer")
                .iter()
                .all(|p| p.name().ends_with(":read"))
        );
        assert!(default("viewer").covers(sets::WATCH));
        assert!(sets::WATCH.covers(sets::WALL_OF_BOARD));
        assert!(sets::WALL_OF_BOARD.covers(sets::WALL_OF_ANDON));
        let more = sets::SHARED_TABLET.without(sets::WATCH);
        assert_eq!(more, PermissionSet::of(&[Permission::AndonCreate]));
        assert!(!sets::WALL_OF_LINE.has(Permission::AndonCreate));
        assert!(default("viewer").covers(sets::WALL_OF_LINE));
    }

    #[test]
    fn a_key_holds_nothing_by_which_people_are_administered() {
        let of_people = ["user", "role", "api_key", "kiosk", "audit"];
        for permission in Permission::ALL {
            let by_person = of_people.contains(&permission.area())
                || ["system:config", "system:maintenance"].contains(&permission.name());
            assert_eq!(sets::BY_KEY.has(*permission), !by_person, "{permission:?}");
            let sends = ["ingest:write", "ingest:backfill"].contains(&permission.name());
            assert_eq!(sets::WITHOUT_END.has(*permission), sends, "{permission:?}");
        }
        assert!(sets::BY_KEY.covers(sets::SET_UP_PLANT.and(sets::WATCH).and(sets::SEND_OLD)));
    }

    #[test]
    fn a_badge_opens_the_work_on_the_floor_and_no_administration() {
        let kept = sets::NOT_BY_BADGE;
        for set in [sets::MANAGE_PEOPLE, sets::SET_UP_PLANT, sets::SEND_OLD] {
            assert!(kept.covers(set));
        }
        for role in ["operator", "maintenance", "quality", "viewer"] {
            assert!(default(role).in_both(kept).is_empty(), "{role}");
        }
        let configure = PermissionSet::of(&[Permission::AndonConfigure]);
        assert_eq!(default("shift_manager").in_both(kept), configure);
    }

    #[test]
    fn sets_that_belong_together_are_held_together() {
        assert!(default("operator").covers(sets::WORK_JOBS));
        assert!(default("operator").covers(sets::EXPLAIN_STOPS));
        assert!(default("maintenance").covers(sets::ANSWER_CALLS.and(sets::MAINTAIN_MACHINES)));
        assert!(default("quality").covers(sets::CONTROL_QUALITY.and(sets::ANSWER_CALLS)));
        assert!(default("production_manager").covers(sets::MANAGE_PRODUCTION));
        assert!(
            default("admin").covers(sets::MANAGE_PEOPLE.and(sets::SET_UP_PLANT).and(sets::SEND))
        );
    }
}
