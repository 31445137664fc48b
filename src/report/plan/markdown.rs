//! A plan as Markdown, for a pull request.

use super::text;
use crate::model::Mode;
use crate::plan::{Action, Plan};
use crate::report::json::word;
use crate::report::labels::{self, Sign};
use crate::report::markdown::{cell, line};
use crate::report::{PlanView, overrides, preflight, time_format};

/// `plan --output markdown`
pub fn markdown(view: &PlanView) -> String {
    let PlanView { environment, plan, zone, later, .. } = view;
    let mut out = format!("### `{}` at `{}`\n\n", cell(environment.as_str()), cell(plan.revision.short()));
    let state = &plan.state;
    let until = state.until.map(|at| format!(" until {}", time_format::local(at, *zone))).unwrap_or_default();
    let then = later.map(|later| format!(", then {}", text::downtime(&later.plan))).unwrap_or_default();
    out.push_str(&format!(
        "**State** {} ({}{until}) · **Expected downtime** {}{then} · **Blocked** {}\n",
        state.effective,
        time_format::because(state.because),
        text::downtime(plan),
        if plan.blocked.is_empty() { "no" } else { "yes" },
    ));
    if let Some(words) = overrides::suspension_in_words(view.overrides, *zone) {
        out.push_str(&format!("\n> Suspended {}: tidegate carries out none of this.\n", cell(&words)));
    } else if plan.mode == Mode::Observe {
        out.push_str("\n> `mode: observe`: tidegate carries out none of this.\n");
    }
    if later.is_some() && !plan.actions.is_empty() {
        out.push_str("\n#### Now\n");
    }
    if plan.actions.is_empty() {
        out.push_str(match plan.is_blind() {
            true => "\ntidegate cannot tell what there is to do: AWS could not be read.\n",
            false => "\nNothing to do now.\n",
        });
    } else {
        out.push_str(&steps(&plan.actions));
    }
    if !view.diffs.is_empty() {
        out.push_str("\n<details><summary>Changes in task definitions</summary>\n\n```diff\n");
        for (service, lines) in &view.diffs {
            out.push_str(&format!("  {service}\n"));
            // A fence inside the fence would end it.
            lines.iter().for_each(|line| out.push_str(&format!("{}\n", line.replace("```", "'''"))));
        }
        out.push_str("```\n\n</details>\n");
    }
    if let Some(later) = later {
        let at = time_format::local(later.at, *zone);
        out.push_str(&format!("\n#### From {at} on\n"));
        out.push_str(&steps(&later.plan.actions));
        blocked(&mut out, &later.plan);
    }
    blocked(&mut out, plan);
    list(
        &mut out,
        "Waiting",
        plan.waiting.iter().map(|waiting| {
            let until = waiting.until.map(|at| time_format::local(at, *zone));
            let until = until.filter(|at| !waiting.message.contains(at)).map(|at| format!(" (until {at})"));
            format!("**{}**: {}{}", word(&waiting.reason), line(&waiting.message), until.unwrap_or_default())
        }),
    );
    list(
        &mut out,
        "Drift",
        plan.drift.iter().map(|drift| {
            line(&format!(
                "{} {}: {}, expected {}",
                drift.resource, drift.field, drift.observed, drift.expected
            ))
        }),
    );
    list(&mut out, "Notes", plan.notes.iter().map(|note| line(note)));
    out.push_str(&view.preflight.map(preflight::markdown).unwrap_or_default());
    out
}

/// Numbered steps, a row for each action.
fn steps(actions: &[Action]) -> String {
    let mut out = "\n| # | | what | which | change | why |\n|--:|---|---|---|---|---|\n".to_owned();
    let (mut number, mut last) = (0, None);
    for action in actions {
        let is_new = last.replace(action.step) != Some(action.step);
        number += usize::from(is_new);
        out.push_str(&format!(
            "| {} | `{}` | {} | {} | {} | {} |\n",
            if is_new { number.to_string() } else { String::new() },
            Sign::of(action).glyph(),
            labels::noun(&action.kind),
            cell(&action.resource),
            cell(&labels::change(action)),
            cell(&action.reason),
        ));
    }
    out
}

fn blocked(out: &mut String, plan: &Plan) {
    list(
        out,
        "Blocked",
        plan.blocked.iter().map(|blocked| {
            let mut item = format!("**{}**: {}", word(&blocked.reason), line(&blocked.message));
            blocked.hints.iter().for_each(|hint| item.push_str(&format!("\n  - {}", line(hint))));
            item
        }),
    );
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return;
    }
    out.push_str(&format!("\n**{title}**\n\n"));
    items.iter().for_each(|item| out.push_str(&format!("- {item}\n")));
}
