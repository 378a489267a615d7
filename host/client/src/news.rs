//! Which events are news to somebody who watches.

use protocol::{Event, EventKind, FrameResult};

/// The result of the last frame. A door assesses frames all the time, so a result counts once until it changes.
#[derive(Clone, Debug, Default)]
pub struct LastResult(Option<String>);

impl LastResult {
    /// Whether an event is news: another one than a frame with the same result as the frame before.
    pub fn is_news(&mut self, event: &Event) -> bool {
        let EventKind::FrameAssessed { result, .. } = &event.kind else { return true };
        let what = match result {
            FrameResult::Stranger(_) => "stranger".to_owned(),
            FrameResult::Known(best) => format!("known {}", best.person),
            other => format!("{other:?}"),
        };
        let news = self.0.as_deref() != Some(&what);
        self.0 = Some(what);
        news
    }
}
