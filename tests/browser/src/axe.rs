//! The accessibility checker axe-core: what it finds on the page that a browser shows.

use serde_json::{Value, json};

use crate::chromium::Chromium;

/// The file of the checker, in the cache.
pub const FILE: &str = "axe/axe.min.js";

/// Runs the checker, and returns what is a violation: the rule and the places, a line each.
///
/// # Panics
/// It does not run.
pub async fn violations(browser: &Chromium) -> Vec<String> {
    let source = std::fs::read_to_string(fixtures::cache(FILE)).expect("set-up fetched it");
    // The driver evaluates it from outside of the page, whose policy permits no script of others.
    browser.client.execute(&format!("{source};window.axe = axe;"), vec![]).await.expect("axe-core is loaded");
    let script = "const done = arguments[arguments.length - 1];
        axe.run(document, {resultTypes: ['violations']}).then(
            (found) => done(found.violations), (error) => done([{id: String(error), nodes: []}]));";
    let found = browser.client.execute_async(script, vec![]).await.expect("axe-core runs");
    let none = Vec::new();
    let lines = found.as_array().expect("a list").iter().map(|violation| {
        let nodes = violation["nodes"].as_array().unwrap_or(&none);
        let places = nodes.iter().map(|node| {
            let reasons =
                node["any"].as_array().unwrap_or(&none).iter().map(|reason| reason["message"].clone());
            format!("{} {}", node["target"], Value::from_iter(reasons))
        });
        format!("{}: {}", violation["id"], json!(places.collect::<Vec<_>>()))
    });
    lines.collect()
}
