//! What the door saw, drawn on the frame in which it saw it.
//!
//! The frame is enlarged and laid on a board of constant size, so that the pictures of one run can be
//! compared and their labels read, whatever the photographs' shapes were.

use image::RgbImage;
use image::imageops::{self, FilterType};
use vision::{Face, SUBPIXEL_BITS};

use crate::Photo;
use crate::canvas::{self, Area};
use crate::text;

/// Pictures are enlarged so many times.
const ENLARGEMENT: u32 = 2;

/// The picture's place, in frame pixels; smaller frames are centred in it.
const BOARD_WIDTH: u32 = 320;
const BOARD_HEIGHT: u32 = 240;

const BOARD_COLOR: [u8; 3] = [24, 26, 30];
const LABEL_COLOR: [u8; 3] = [12, 13, 16];
const TEXT_COLOR: [u8; 3] = [245, 246, 248];
const TEXT_SIZE: f32 = 21.0;
const MARGIN: f32 = 7.0;

/// What was decided about a face; it gives the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Known and let in: green.
    Granted,
    /// Not known, or known and not let in: red.
    Refused,
    /// Not assessed, because the view is too poor or another face was chosen: amber.
    NotAssessed,
}

impl Decision {
    fn color(self) -> [u8; 3] {
        match self {
            Self::Granted => [46, 204, 113],
            Self::Refused => [235, 77, 75],
            Self::NotAssessed => [245, 190, 65],
        }
    }
}

/// A face and what to write beside it.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// The face, in coordinates of the picture.
    pub face: Face,
    /// Any text, such as a name and a similarity; every line of it becomes a line.
    pub label: String,
    /// What was decided.
    pub decision: Decision,
}

/// Draws boxes, landmarks and labels on `picture`, enlarged, with a `caption` below it.
pub fn annotate(picture: &Photo, annotations: &[Annotation], caption: &str) -> Photo {
    let (width, height) = (picture.width() * ENLARGEMENT, picture.height() * ENLARGEMENT);
    let board_width = width.max(BOARD_WIDTH * ENLARGEMENT);
    let board_height = height.max(BOARD_HEIGHT * ENLARGEMENT);
    let caption = text::lines(caption, TEXT_SIZE, board_width as f32 - 4.0 * MARGIN);
    let caption_height = if caption.is_empty() { 0.0 } else { line_top(caption.len()) + 2.0 * MARGIN };
    let full_height = board_height + caption_height.ceil() as u32;
    let mut image = RgbImage::from_pixel(board_width, full_height, image::Rgb(BOARD_COLOR));
    let enlarged = imageops::resize(&picture.image, width, height, FilterType::CatmullRom);
    let (left, top) = ((board_width - width) / 2, (board_height - height) / 2);
    imageops::replace(&mut image, &enlarged, left.into(), top.into());
    let marks: Vec<_> = annotations.iter().map(|a| (a, place(&a.face, left, top))).collect();
    for (annotation, (bounds, landmarks)) in &marks {
        draw_face(&mut image, *bounds, landmarks, annotation.decision.color());
    }
    // Labels come last, over all boxes.
    for (annotation, (bounds, _)) in &marks {
        draw_label(&mut image, *bounds, board_height as f32, annotation);
    }
    for (index, line) in caption.iter().enumerate() {
        let y = board_height as f32 + MARGIN + line_top(index);
        text::draw(&mut image, 2.0 * MARGIN, y, TEXT_SIZE, TEXT_COLOR, line);
    }
    Photo { image }
}

/// A face's box and landmarks on the board.
fn place(face: &Face, left: u32, top: u32) -> (Area, [[f32; 2]; 5]) {
    let length = |value: i32| value as f32 / (1 << SUBPIXEL_BITS) as f32 * ENLARGEMENT as f32;
    // A frame's coordinates count from the centre of its first pixel.
    let half = ENLARGEMENT as f32 / 2.0;
    let x = |value: i32| length(value) + half + left as f32;
    let y = |value: i32| length(value) + half + top as f32;
    let bounds = face.bounds;
    let area =
        Area { x: x(bounds.x), y: y(bounds.y), width: length(bounds.width), height: length(bounds.height) };
    (area, face.landmarks.map(|point| [x(point.x), y(point.y)]))
}

fn draw_face(image: &mut RgbImage, bounds: Area, landmarks: &[[f32; 2]; 5], color: [u8; 3]) {
    let radius = (bounds.width.min(bounds.height) / 8.0).clamp(0.0, 12.0);
    canvas::outline(image, bounds, radius, 6.0, LABEL_COLOR);
    canvas::outline(image, bounds, radius, 3.5, color);
    let size = (bounds.width / 40.0).clamp(1.8, 4.0);
    for [x, y] in landmarks {
        canvas::disc(image, *x, *y, size + 1.2, LABEL_COLOR);
        canvas::disc(image, *x, *y, size, color);
    }
}

/// Puts the label above the box, or below it where there is no room, or else inside its top.
fn draw_label(image: &mut RgbImage, bounds: Area, board_height: f32, annotation: &Annotation) {
    let board_width = image.width() as f32;
    let limit = board_width - 4.0 * MARGIN;
    let lines = text::lines(&annotation.label, TEXT_SIZE, limit);
    if lines.is_empty() {
        return;
    }
    let widest = lines.iter().map(|line| text::width(line, TEXT_SIZE)).fold(0.0, f32::max);
    let (width, height) = (widest + 2.0 * MARGIN, line_top(lines.len()) + MARGIN);
    let gap = 6.0;
    let above = bounds.y - gap - height;
    let below = bounds.y + bounds.height + gap;
    let y = if above >= 0.0 {
        above
    } else if below + height <= board_height {
        below
    } else {
        (bounds.y + gap).clamp(0.0, (board_height - height).max(0.0))
    };
    let x = (bounds.x + bounds.width / 2.0 - width / 2.0).clamp(0.0, (board_width - width).max(0.0));
    canvas::fill(image, Area { x, y, width, height }, 5.0, LABEL_COLOR, 0.82);
    let stripe = Area { x, y, width: 4.0, height };
    canvas::fill(image, stripe, 2.0, annotation.decision.color(), 1.0);
    for (index, line) in lines.iter().enumerate() {
        let y = y + MARGIN / 2.0 + line_top(index);
        text::draw(image, x + MARGIN + 2.0, y, TEXT_SIZE, TEXT_COLOR, line);
    }
}

/// Height of so many lines.
fn line_top(lines: usize) -> f32 {
    lines as f32 * TEXT_SIZE * 1.18
}
