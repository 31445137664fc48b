//! The size of a service as a declaration writes it, or the reason why every declaration would change the service.

use crate::cloud::{ScalableTarget, Suspended};
use crate::spec::Autoscaling;

/// `count` and `autoscaling` of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) count: u32,
    pub(super) range: Option<Autoscaling>,
    /// The lower end is a guess: it is 0 while the service is stopped.
    pub(super) is_guess: bool,
}

/// The size of a service that is up.
///
/// # Errors
/// The reason why declaring it would change it.
pub(super) fn up(desired: u32, scaling: Option<&ScalableTarget>) -> Result<Size, String> {
    if desired == 0 {
        return Err("it has no tasks now, and tidegate starts every declared service".to_owned());
    }
    let Some(target) = scaling else { return Ok(Size { count: desired, range: None, is_guess: false }) };
    if is_asleep(target) {
        return Err(
            "its autoscaling is suspended with a minimum of 0, and tidegate would resume it".to_owned()
        );
    }
    let ScalableTarget { min, max, .. } = *target;
    if !(min..=max).contains(&desired) {
        return Err(format!(
            "it has {desired} tasks, outside its autoscaling range of {min} to {max}, and tidegate would change that"
        ));
    }
    Ok(Size { count: desired, range: Some(Autoscaling { min, max }), is_guess: false })
}

/// The size of a service that is stopped together with its environment: the size after its start is a guess.
///
/// # Errors
/// The reason why declaring it would change it.
pub(super) fn down(scaling: Option<&ScalableTarget>) -> Result<Size, String> {
    match scaling {
        None => Ok(Size { count: 1, range: None, is_guess: true }),
        Some(target) if is_asleep(target) && target.max > 0 => {
            Ok(Size { count: 1, range: Some(Autoscaling { min: 1, max: target.max }), is_guess: true })
        }
        Some(_) => Err(
            "it is stopped, but its autoscaling is not suspended: tidegate would suspend it, so that nothing starts the service"
                .to_owned(),
        ),
    }
}

/// The size to propose for a service that is left out.
pub(super) fn proposed(scaling: Option<&ScalableTarget>) -> Size {
    let range = scaling.filter(|target| target.max > 0);
    let range = range.map(|target| Autoscaling { min: target.min.max(1).min(target.max), max: target.max });
    Size { count: range.map_or(1, |range| range.min), range, is_guess: true }
}

/// Whether its scaling is suspended as tidegate does it for a stopped service.
fn is_asleep(target: &ScalableTarget) -> bool {
    target.min == 0 && target.suspended == Suspended::ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(min: u32, max: u32, suspended: Suspended) -> ScalableTarget {
        ScalableTarget { min, max, suspended }
    }

    #[test]
    fn what_is_up_keeps_its_size() {
        let some = Suspended { scheduled: true, ..Suspended::NONE };
        for (desired, scaling, expected) in [
            (2, None, Some((2, None))),
            (3, Some(target(2, 8, Suspended::NONE)), Some((3, Some((2, 8))))),
            (3, Some(target(0, 8, some)), Some((3, Some((0, 8))))),
            (0, None, None),
            (0, Some(target(1, 8, Suspended::NONE)), None),
            (9, Some(target(2, 8, Suspended::NONE)), None),
            (1, Some(target(2, 8, Suspended::NONE)), None),
            (1, Some(target(0, 8, Suspended::ALL)), None),
        ] {
            let found = up(desired, scaling.as_ref()).ok();
            let found = found.map(|size| (size.count, size.range.map(|range| (range.min, range.max))));
            assert_eq!(found, expected, "{desired} {scaling:?}");
        }
    }

    #[test]
    fn what_sleeps_wakes_with_a_guess() {
        for (scaling, expected) in [
            (None, Some((1, None))),
            (Some(target(0, 8, Suspended::ALL)), Some((1, Some((1, 8))))),
            (Some(target(0, 0, Suspended::ALL)), None),
            (Some(target(1, 8, Suspended::ALL)), None),
            (Some(target(0, 8, Suspended::NONE)), None),
        ] {
            let found = down(scaling.as_ref()).ok();
            let found = found.map(|size| (size.count, size.range.map(|range| (range.min, range.max))));
            assert_eq!(found, expected, "{scaling:?}");
        }
    }
}
