//! The page's text.

use eval::{GroupErrors, OpenSet};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::many::Identification;
use super::pairs::WorstPair;
use super::{Page, Section};

const STYLE: &str = "
body { font: 16px/1.5 sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { text-align: right; padding: .2rem .8rem; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
img { max-width: 100% }
.note { color: #555 }
";

/// The whole page.
pub fn page(page: &Page) -> String {
    let first = &page.sections[0];
    let rates = first.report.all_pairs.points.iter().map(|point| one_in(point.fmr));
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "How often the door is wrong" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "How often the door is wrong" }
                p {
                    (first.report.pictures) " pictures of " (page.images.display()) "; "
                    (first.report.all_pairs.genuine) " pairs of one person and "
                    (first.report.all_pairs.impostors) " of two."
                    @if !page.held_out.is_empty() {
                        " Folds " (list(&page.held_out)) " alone: the others choose the threshold of the accuracy."
                    }
                }
                table {
                    tr { th { "encoder" } th { "image, bytes" } th { "multiply-adds" } th { "accuracy" } @for rate in rates { th { "TAR at FMR " (rate) } } }
                    @for section in &page.sections { (row(section)) }
                }
                p.note {
                    "TAR: share of pairs of one person that are accepted. FMR: share of pairs of two people that are, "
                    "too. Intervals of 95 % come from drawing the people again."
                }
                @if let Some(board) = &page.board {
                    p {
                        "The board " (board.board) " embedded " (board.pictures) " of the pictures with " (board.encoder)
                        ": " (board.equal) " templates are those computed here, byte for byte. A picture took it "
                        (millions(board.instructions)) " instructions."
                    }
                }
                img src="det.png" alt="Misses against false matches";
                @if page.has_sizes() { img src="sizes.png" alt="Size against pairs of one person accepted"; }
                h2 { "Recognising one of many" }
                p {
                    "Whoever comes is compared with everybody enrolled, and one wrong answer lets them in. So a threshold "
                    "that is right for one comparison lets in more strangers the more people are enrolled; the door's own "
                    "threshold grows stricter with them, and misses more of those it knows."
                }
                img src="identification.png" alt="Strangers let in by people enrolled";
                @for section in &page.sections { (details(section)) }
            }
        }
    };
    markup.into_string()
}

fn row(section: &Section) -> Markup {
    let Section { report, cost, .. } = section;
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    html! {
        tr {
            td { (report.encoder) " (" (report.pipeline) ")" }
            td { @if let Some(cost) = cost { (cost.bytes) } }
            td { @if let Some(cost) = cost { (millions(cost.multiply_adds as u64)) } }
            td {
                @if let Some(accuracy) = &report.accuracy {
                    (percent(accuracy.mean)) " ± " (format!("{:.2}", accuracy.standard_error * 100.0))
                } @else if let Some(held_out) = &report.held_out {
                    (percent(held_out.accuracy))
                } @else { "–" }
            }
            @for point in &report.all_pairs.points {
                td {
                    @match (point.tar, point.interval) {
                        (Some(tar), Some(interval)) => {
                            (format!("{tar:.4}")) br;
                            span.note { (format!("{:.4} to {:.4}", interval.low, interval.high)) }
                        },
                        (Some(tar), None) => { (format!("{tar:.4}")) },
                        _ => { span.note { "too few pairs for this rate" } },
                    }
                }
            }
        }
    }
}

fn details(section: &Section) -> Markup {
    let Section { report, .. } = section;
    html! {
        h2 { (report.encoder) " (" (report.pipeline) ")" }
        @if report.without_face > 0 {
            p { "No face was found in " (report.without_face) " pictures; they match nothing, and count as misses." }
        }
        img src=(section.scores) alt="Similarities";
        (identification(&section.identification))
        @if !section.groups.is_empty() { (groups(&section.groups)) }
        (sheet("Misses: one person, taken for two", section.misses_sheet.as_deref(), &section.misses))
        (sheet(
            "False matches: two people, taken for one",
            section.false_matches_sheet.as_deref(),
            &section.false_matches,
        ))
    }
}

fn identification(identification: &Identification) -> Markup {
    let line = |point: &OpenSet| {
        html! {
            tr {
                td { (point.enrolled) }
                td { (format!("{:.3}", point.threshold)) }
                td { (share(point.false_positive, point.strangers)) }
                td { (share(point.false_negative, point.known)) }
            }
        }
    };
    html! {
        @if let Some(rank1) = &identification.rank1 {
            p {
                (format!("Rank 1: {:.2} %", rank1.rate * 100.0)) " of " (rank1.probes) " pictures find themselves among "
                (rank1.enrolled) " people enrolled with one picture each."
            }
        }
        @for (title, points) in [
            ("At the threshold of one comparison", &identification.uniform),
            ("At the door's threshold, stricter with the people enrolled", &identification.adapted),
        ] {
            @if !points.is_empty() {
                h3 { (title) ", " (one_in(identification.rate)) }
                table {
                    tr { th { "enrolled" } th { "threshold" } th { "strangers let in" } th { "known people refused" } }
                    @for point in points { (line(point)) }
                }
            }
        }
    }
}

fn groups(groups: &[GroupErrors]) -> Markup {
    let rate = |rate: Option<f64>, of: u64| {
        html! {
            @match rate {
                Some(rate) => { (share(rate, of)) },
                None => { span.note { "too few pairs (" (of) ")" } },
            }
        }
    };
    html! {
        h3 { "Errors by group, at one threshold for all: that of " (one_in(super::RATE)) }
        table {
            tr { th { "group" } th { "people" } th { "of one person: missed" } th { "of two in the group: matched" } }
            @for group in groups {
                tr {
                    td { (group.column) ": " (group.group) }
                    td { (group.people) }
                    td { (rate(group.false_non_match, group.genuine)) }
                    td { (rate(group.false_match, group.impostors)) }
                }
            }
        }
    }
}

fn sheet(title: &str, file: Option<&str>, pairs: &[WorstPair]) -> Markup {
    html! {
        @if let Some(file) = file {
            h3 { (title) }
            p.note {
                "The " (pairs.len()) " worst, one a person or a pair of people, with their similarities. Look whether the "
                "names are right, and whether the middle of the picture shows the person they name."
            }
            img src=(file) alt=(title);
        }
    }
}

/// A share, or that it is below what so many comparisons can show.
fn share(share: f64, of: u64) -> String {
    if share == 0.0 && of > 0 {
        return format!("none of {of}");
    }
    format!("{:.3} %", share * 100.0)
}

fn one_in(rate: f64) -> String {
    format!("1 in {:.0}", 1.0 / rate)
}

fn millions(count: u64) -> String {
    format!("{:.1} million", count as f64 / 1e6)
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
