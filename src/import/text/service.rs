//! One service, declared or left out with its reason.

use super::super::scaling::Size;
use super::super::services::{KeptImage, KeptReason, ServiceDraft};
use super::super::yaml::{Page, scalar};
use crate::spec::Autoscaling;

/// Writes it below `services:`.
pub(super) fn write(page: &mut Page, draft: &ServiceDraft) {
    explain(page, draft);
    let Some(size) = &draft.size else { return };
    match draft.left_out {
        None => block(page, draft, size),
        Some(_) => page.muted(2, |page| block(page, draft, size)),
    }
}

/// Only what is to be said of it.
pub(super) fn explain(page: &mut Page, draft: &ServiceDraft) {
    let name = &draft.name;
    if let Some(why) = &draft.left_out {
        page.comment(2, &format!("`{name}` is left out: {why}."));
    }
    // What stands beside images that are released from here is said there; of what is left out, enough is said.
    if draft.left_out.is_none() && draft.images.is_empty() && !is_short(draft) {
        draft.kept.iter().for_each(|kept| page.comment(2, &words(kept)));
    }
}

fn block(page: &mut Page, draft: &ServiceDraft, size: &Size) {
    let name = scalar(draft.name.as_str());
    let default = size.range.map_or(1, |range| range.min);
    let has_count = size.count != default;
    if draft.images.is_empty() && !has_count && size.range.is_none() {
        return match draft.kept.as_slice() {
            [kept] if is_short(draft) => {
                page.remarked(2, format!("{name}: {{}}"), kept.image.as_str());
            }
            _ => page.line(2, format!("{name}: {{}}")),
        };
    }
    page.line(2, format!("{name}:"));
    if !draft.images.is_empty() {
        page.line(4, "images:");
        for (container, template) in &draft.images {
            page.line(6, format!("{}: {}", scalar(container.as_str()), scalar(template)));
        }
        for kept in draft.kept.iter().filter(|_| draft.left_out.is_none()) {
            page.comment(6, &words(kept));
        }
    }
    let guess = "a guess: it sleeps now";
    if has_count {
        let line = format!("count: {}", size.count);
        match size.range {
            Some(_) if !size.is_guess => {
                page.remarked(4, line, "what it has now; autoscaling goes on from there")
            }
            _ => page.line(4, line),
        }
    }
    if let Some(Autoscaling { min, max }) = size.range {
        let line = format!("autoscaling: {{min: {min}, max: {max}}}");
        if size.is_guess { page.remarked(4, line, guess) } else { page.line(4, line) }
    }
}

/// One image of somebody else, and nothing more to say about it.
fn is_short(draft: &ServiceDraft) -> bool {
    let is_foreign = |kept: &KeptImage| kept.why == KeptReason::Foreign { is_versioned: false };
    let is_plain =
        draft.images.is_empty() && draft.size.is_some_and(|size| size.range.is_none() && size.count == 1);
    is_plain && matches!(draft.kept.as_slice(), [kept] if is_foreign(kept))
}

/// KeptReason an image is left alone, and how it would not be.
fn words(KeptImage { container, image, why }: &KeptImage) -> String {
    match why {
        KeptReason::Foreign { is_versioned: false } => format!("`{container}` is left alone: {image}"),
        KeptReason::Foreign { is_versioned: true } => format!(
            "`{container}` is left alone: {image} is not yours by its name; `--own-images {}` takes it",
            image.repository()
        ),
        KeptReason::Untagged => {
            format!("`{container}` is left alone: {image} has no tag that tells its version")
        }
        KeptReason::Moves { known_as } => match known_as.first() {
            Some(tag) => format!(
                "`{container}` is left alone: {image} is a tag that moves. What runs is {tag}, too: deployed by that tag, \
                 it can be released from here"
            ),
            None => format!(
                "`{container}` is left alone: {image} tells no version. Deployed by one, it can be released from here"
            ),
        },
    }
}
