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

/// Writes only the remarks about it.
pub(super) fn explain(page: &mut Page, draft: &ServiceDraft) {
    let name = &draft.name;
    if let Some(why) = &draft.left_out {
        page.comment(2, &format!("`{name}` is left out: {why}."));
    }
    // Other images of a service stand beside those that are released from here; for a service that is left out, its
    // reason is enough.
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
    let guess = "a guess: the service is stopped now";
    if has_count {
        let line = format!("count: {}", size.count);
        match size.range {
            Some(_) if !size.is_guess => page.remarked(4, line, "the count now; autoscaling changes it"),
            _ => page.line(4, line),
        }
    }
    if let Some(Autoscaling { min, max }) = size.range {
        let line = format!("autoscaling: {{min: {min}, max: {max}}}");
        if size.is_guess { page.remarked(4, line, guess) } else { page.line(4, line) }
    }
}

/// One foreign image, and nothing more to write about the service.
fn is_short(draft: &ServiceDraft) -> bool {
    let is_foreign = |kept: &KeptImage| kept.why == KeptReason::Foreign { is_versioned: false };
    let is_plain =
        draft.images.is_empty() && draft.size.is_some_and(|size| size.range.is_none() && size.count == 1);
    is_plain && matches!(draft.kept.as_slice(), [kept] if is_foreign(kept))
}

/// Why tidegate does not change an image, and how to release it from here.
fn words(KeptImage { container, image, why }: &KeptImage) -> String {
    match why {
        KeptReason::Foreign { is_versioned: false } => {
            format!("tidegate does not change `{container}`: {image}")
        }
        KeptReason::Foreign { is_versioned: true } => format!(
            "tidegate does not change `{container}`: {image} does not look like yours; add it with `--own-images {}`",
            image.repository()
        ),
        KeptReason::Untagged => {
            format!("tidegate does not change `{container}`: {image} has no tag, so its version is unknown")
        }
        KeptReason::Moves { known_as } => match known_as.first() {
            Some(tag) => format!(
                "tidegate does not change `{container}`: {image} is a moving tag. It points at {tag} now; deploy that tag once, \
                 and it can be released from here"
            ),
            None => format!(
                "tidegate does not change `{container}`: {image} has no version in its tag. Deploy it with one, and it can be \
                 released from here"
            ),
        },
    }
}
