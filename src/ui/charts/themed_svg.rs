//! A plotters backend that writes classes instead of colours, so that the style sheet themes a chart, and that measures
//! text by a table, so that server and browser lay it out alike (plotters itself asks the DOM in the browser).

use crate::ui::components::hatch;
use plotters::style::RGBColor;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use std::convert::Infallible;
use std::fmt::{Display, Write};

/// What a stroke or area means. plotters carries it as a colour, whose red is its place in [`Role::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Lines behind the data.
    Grid,
    /// Words at the axes.
    Label,
    /// An hour's output.
    Bar,
    /// The output of an hour that missed its target.
    Missed,
    /// The output of the running hour.
    Running,
    /// What should have been made.
    Target,
    /// Words that stand for themselves beside a bar.
    Word,
    /// Time without a loss.
    Run,
    /// Time lost by the machine's own trouble.
    Down,
    /// Time lost to waiting and slowness.
    Slow,
    /// Time lost by plan.
    Planned,
    /// Not known.
    Unknown,
    /// Availability over time.
    LineA,
    /// Performance over time.
    LineP,
    /// Quality over time.
    LineQ,
}

impl Role {
    const ALL: [Self; 15] = [
        Self::Grid,
        Self::Label,
        Self::Bar,
        Self::Missed,
        Self::Running,
        Self::Target,
        Self::Word,
        Self::Run,
        Self::Down,
        Self::Slow,
        Self::Planned,
        Self::Unknown,
        Self::LineA,
        Self::LineP,
        Self::LineQ,
    ];

    /// The role as plotters carries it.
    pub fn color(self) -> RGBColor {
        let place = Self::ALL.iter().position(|r| *r == self).unwrap_or(0);
        RGBColor(u8::try_from(place).unwrap_or(0), 0, 0)
    }

    fn of(color: BackendColor) -> Self {
        let place = usize::from(color.rgb.0);
        Self::ALL.get(place).copied().unwrap_or(Self::Grid)
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Label => "label",
            Self::Bar => "hour",
            Self::Missed => "hour missed",
            Self::Running => "hour running",
            Self::Target => "target",
            Self::Word => "word",
            Self::Run => "part-run",
            Self::Down => "part-down",
            Self::Slow => "part-slow",
            Self::Planned => "part-planned",
            Self::Unknown => "unknown",
            Self::LineA => "line-a",
            Self::LineP => "line-p",
            Self::LineQ => "line-q",
        }
    }
}

/// The chart being drawn.
pub struct ThemedSvg<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> ThemedSvg<'a> {
    /// Draws into `out` in a box of `size`.
    pub fn new(out: &'a mut String, size: (u32, u32)) -> Self {
        Self { out, size }
    }

    fn element(&mut self, text: std::fmt::Arguments<'_>) -> Done {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(text);
        Ok(())
    }
}

impl DrawingBackend for ThemedSvg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        let class = Role::of(color).class();
        self.element(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="1" height="1"/>"#
        ))
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Done {
        let role = Role::of(style.color());
        let (class, width, height) = (role.class(), (right - left).max(0), (bottom - top).max(0));
        let fill = match role {
            Role::Missed => format!(r#" fill="{}""#, hatch::MISSED),
            Role::Unknown => format!(r#" fill="{}""#, hatch::UNKNOWN),
            _ => String::new(),
        };
        self.element(format_args!(
            r#"<rect class="{class}"{fill} x="{left}" y="{top}" width="{width}" height="{height}"/>"#
        ))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        let class = Role::of(style.color()).class();
        let mut d = String::new();
        for (x, y) in path {
            // Half a pixel in: a line one pixel wide is sharp.
            let step = if d.is_empty() { 'M' } else { 'L' };
            let _ = write!(d, "{step}{x}.5 {y}.5");
        }
        self.element(format_args!(r#"<path class="{class}" d="{d}"/>"#))
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        (x, y): BackendCoord,
    ) -> Done {
        let class = Role::of(style.color()).class();
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // The distance from the anchor to the base line, in heights of the font.
        let shift = style.size()
            * match style.anchor().v_pos {
                VPos::Top => 0.80,
                VPos::Center => 0.35,
                VPos::Bottom => -0.20,
            };
        let (size, text) = (style.size(), Escaped(text));
        self.element(format_args!(
            r#"<text class="{class}" x="{x}" y="{:.1}" font-size="{size}" text-anchor="{anchor}">{text}</text>"#,
            f64::from(y) + shift
        ))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a label is a few hundred pixels wide"
    )]
    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width: f64 = text.chars().map(width_of).sum::<f64>() * style.size();
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}

/// The width of a character in heights of the font: generous, so that no system font needs more.
fn width_of(c: char) -> f64 {
    match c {
        '.' | ',' | ':' | ' ' | 'i' | 'j' | 'l' | '\'' => 0.34,
        'm' | 'w' | 'M' | 'W' | '%' => 0.95,
        c if c.is_ascii_uppercase() => 0.74,
        _ => 0.62,
    }
}

struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
