//! Roll-ups: accounts of a line by hour, shift, day and month, so that a year costs little more than a day.
//!
//! [`cells`] knows the edges of cells; [`make`] keeps the stored ones up to date; [`read`] puts any window together from
//! cells and, where none are made yet, from the timeline. Whatever changes the timeline or the calendar of a time whose
//! cells are made says so in the same transaction (`db::rollup::ask`); until they are made again, readers go back to the
//! timeline for that time. So a figure never depends on whether this room is up to date, only its speed does.

pub mod cells;
pub mod make;
pub mod read;
