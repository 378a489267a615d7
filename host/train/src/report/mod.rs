//! What a training came to, drawn.
