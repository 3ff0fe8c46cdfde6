//! What a wall screen may ask for, by the page that it shows: that page, and what the page asks for by itself. Everything else
//! of the table of [`access`](super::access) that is not for anyone is closed to it, whatever permissions it holds.

use super::access::Need::Line;
use super::access::{Entry, Need, need_in};
use crate::domain::rights::Permission as P;
use crate::domain::rights::{PermissionSet, sets};

/// What a wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// The plant board.
    Board,
    /// The calls for help.
    Andon,
    /// A line, in any of its views.
    Line,
}

/// The board with the open calls of its tiles.
const BOARD: &[Entry] = &[
    ("GET", "/", Line(P::DashboardRead)),
    ("*", "/api/board", Line(P::DashboardRead)),
    ("*", "/api/andon_board", Line(P::AndonRead)),
    ("GET", "/api/v1/live", Line(P::DashboardRead)),
];

/// The calls: their stream tells of nothing else, so it asks for no more.
const ANDON: &[Entry] = &[
    ("GET", "/andon", Line(P::AndonRead)),
    ("*", "/api/andon_board", Line(P::AndonRead)),
    ("GET", "/api/v1/live", Line(P::AndonRead)),
];

/// A line with its open calls, and each view of it.
const LINE: &[Entry] = &[
    ("GET", "/lines/{code}", Line(P::LineRead)),
    ("*", "/api/line", Line(P::LineRead)),
    ("*", "/api/sheet", Line(P::LineRead)),
    ("*", "/api/andon_board", Line(P::AndonRead)),
    ("GET", "/api/v1/live", Line(P::DashboardRead)),
];

impl Wall {
    /// What a wall bound to this page shows; `None` when it is none that a wall can show.
    #[must_use]
    pub fn of(page: &str) -> Option<Self> {
        match page.split('?').next()? {
            "/" => Some(Self::Board),
            "/andon" => Some(Self::Andon),
            path if path.starts_with("/lines/") => Some(Self::Line),
            _ => None,
        }
    }

    /// What it may where it hangs.
    #[must_use]
    pub const fn set(self) -> PermissionSet {
        match self {
            Self::Board => sets::WALL_OF_BOARD,
            Self::Andon => sets::WALL_OF_ANDON,
            Self::Line => sets::WALL_OF_LINE,
        }
    }

    /// What it needs for a route that its page asks for; `None`: the page does not.
    #[must_use]
    pub fn need_of(self, method: &str, path: &str) -> Option<Need> {
        let asked = match self {
            Self::Board => BOARD,
            Self::Andon => ANDON,
            Self::Line => LINE,
        };
        need_in(asked, method, path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::need_of;
    use super::*;

    #[test]
    fn a_wall_holds_what_its_routes_need_and_each_of_them_is_in_the_table() {
        for (wall, routes) in [
            (Wall::Board, BOARD),
            (Wall::Andon, ANDON),
            (Wall::Line, LINE),
        ] {
            for (method, path, need) in routes {
                assert!(need_of(method, path).is_some(), "{method} {path}");
                assert!(["GET", "*"].contains(method), "{method} {path}");
                let Line(permission) = need else {
                    panic!("{path}: a wall hangs somewhere");
                };
                assert!(wall.set().has(*permission), "{wall:?}: {path}");
            }
        }
    }

    #[test]
    fn a_page_says_what_its_wall_shows() {
        for (page, wall) in [
            ("/", Some(Wall::Board)),
            ("/?view=losses", Some(Wall::Board)),
            ("/andon", Some(Wall::Andon)),
            ("/andon?a=b", Some(Wall::Andon)),
            ("/lines/L1?view=stops", Some(Wall::Line)),
            ("/andon/history", None),
            ("/account", None),
            ("", None),
        ] {
            assert_eq!(Wall::of(page), wall, "{page}");
        }
    }
}
