//! The stable names of the rules. Documented here, printed by every message, matched by tools and tests.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $text:literal $meaning:literal)*) => {
        /// Which rule a problem breaks. A name is never reused for another rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every rule, in the order of a file's life: read, joined, decoded, checked, compared.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// The stable name: `unknown-key`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The rule in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    Unreadable "unreadable" "tidegate does not read a file: it is too large, is no regular file, or its name is not UTF-8."
    NotUtf8 "not-utf8" "A file is not UTF-8 text."
    LfsPointer "lfs-pointer" "A file is a Git LFS pointer, not the file itself."
    MergeConflict "merge-conflict" "A file holds an unresolved merge conflict."
    OtherFormat "other-format" "A file is encrypted, compressed, binary or a web page."
    YamlSyntax "yaml-syntax" "A file is not YAML."
    Tab "tab" "A line is indented with a tab, which YAML does not allow."
    DuplicateKey "duplicate-key" "A mapping has the same key twice."
    SeveralDocuments "several-documents" "A file holds more than one YAML document."
    TooDeep "too-deep" "A file is nested deeper than any declaration needs."
    TooManyAliases "too-many-aliases" "Aliases unfold to more than a declaration needs."
    YamlTag "yaml-tag" "A value carries a YAML tag (`!…`)."
    EmptyFile "empty-file" "A file is empty."
    ExtendsMissing "extends-missing" "`extends` names a file that does not exist."
    ExtendsLoop "extends-loop" "A file extends itself, directly or through others."
    ExtendsOutside "extends-outside" "`extends` names a path outside the repository."
    RemovesNothing "removes-nothing" "An empty value (`~`) removes an inherited key, but there is none."
    UnknownKey "unknown-key" "A key is not known here."
    WrongType "wrong-type" "A value has the wrong type: a list instead of a text, a number instead of a mapping."
    UnknownWord "unknown-word" "A word is not one of those allowed here."
    MissingKey "missing-key" "A required key is missing."
    EmptyList "empty-list" "A list that needs at least one entry is empty."
    ListedTwice "listed-twice" "A list names the same thing twice."
    NameDiffers "name-differs" "`name` differs from the name of the file."
    BadName "bad-name" "A name has characters or a length that AWS does not allow."
    TooMany "too-many" "A list or a mapping has more entries than AWS allows."
    BadNumber "bad-number" "A number is outside its range."
    AccountNotQuoted "account-not-quoted" "An account is not in quotes; YAML readers drop the leading zeros of a number."
    BadAccount "bad-account" "An account number does not have twelve digits."
    BadRegion "bad-region" "A region name has a form that AWS does not use."
    BadRole "bad-role" "`assume_role` is not the ARN of a role in the declared account."
    BadDuration "bad-duration" "A duration is not a number with a unit, such as `30s`."
    BadUrl "bad-url" "A URL is not absolute, has no host, or carries credentials."
    VersionNotText "version-not-text" "A version is written as a number; YAML would read 1.10 as 1.1."
    BadVersion "bad-version" "A version has characters that image tags do not allow."
    UnusedVersion "unused-version" "No image or site uses an entry of `versions`."
    BadTemplate "bad-template" "A template has an unmatched or an empty brace."
    UnknownPlaceholder "unknown-placeholder" "A template names an entry that is missing in `versions`."
    BadImage "bad-image" "An image reference has a form that no registry allows."
    BadSource "bad-source" "The source of a site is not of the form `s3://bucket/prefix/`."
    BadPrefix "bad-prefix" "The prefix of a site is not a folder below a bucket, the same for every version."
    UnknownService "unknown-service" "A service is named that `services` does not have."
    DependencyCycle "dependency-cycle" "Services wait for each other."
    AutoscalingRange "autoscaling-range" "`min` is greater than `max`."
    CountOutsideAutoscaling "count-outside-autoscaling" "`count` is outside the range of `autoscaling`."
    UpInRunning "up-in-running" "`up_in` does not include `running`."
    UpInStopped "up-in-stopped" "`up_in` includes `stopped`."
    UpInMigration "up-in-migration" "A service that follows the migrated version is up while migrations run."
    DatabaseTarget "database-target" "`database` does not name exactly one instance or cluster."
    MigrationWithoutDatabase "migration-without-database" "A migration has no database, whose tag records the schema version."
    UnknownVersion "unknown-version" "`follows` or `together` names an entry that is missing in `versions`."
    FollowedVersionEmpty "followed-version-empty" "The version that migrations follow is empty."
    TogetherFollows "together-follows" "`together` names the version that migrations follow."
    RevertNotAtomic "revert-not-atomic" "`on_failure: revert` stands beside a migration that is not atomic."
    MigrationImageFixed "migration-image-fixed" "No image of `migration` uses the version named by `migration.follows` in its tag."
    FollowedByNoService "followed-by-no-service" "No service uses the version that migrations follow."
    NoGate "no-gate" "A state or a migration needs a closed gate, but there is no `maintenance`."
    GatesNothing "gates-nothing" "`maintenance` names neither a load balancer nor CloudFront."
    BadHeader "bad-header" "A header name is one that load balancer rules or CloudFront functions cannot match."
    SecretSource "secret-source" "`value_from` does not name exactly one valid place."
    CheckNotHttps "check-not-https" "A check would send the bypass header unencrypted."
    UnknownTimezone "unknown-timezone" "A time zone is not an IANA name."
    NoSummerTime "no-summer-time" "A time zone has no summer time, and its name does not stand for a place."
    BadCron "bad-cron" "A crontab line cannot be read."
    CronNeverFires "cron-never-fires" "A crontab line never fires: no month that it names has its day."
    EitherDay "either-day" "Both day fields of a crontab line restrict, so that either of them is enough."
    TooManyCrontabs "too-many-crontabs" "A key has more crontab lines than any schedule needs."
    YearOutOfRange "year-out-of-range" "A day lies in a year for which schedules are not known."
    StartIsStop "start-is-stop" "A `start` has no effect, because a `stop` happens at the same minute."
    BadDate "bad-date" "A day, a range of days or hours on a day cannot be read."
    HolidaysMissing "holidays-missing" "`holidays` names a file that does not exist."
    HolidaysOutside "holidays-outside" "`holidays` names a path outside the repository."
    BadCalendar "bad-calendar" "A calendar of holidays cannot be read."
    CalendarEvent "calendar-event" "tidegate ignores an event of a calendar that it does not understand."
    BadTime "bad-time" "A point in time is not a date, a time and an offset."
    OverrideExpired "override-expired" "An override has ended and has no effect."
    BadWindow "bad-window" "A window cannot be read."
    WindowsMissSchedule "windows-miss-schedule" "No window opens inside the hours of the schedule, so no release could begin."
    ClaimedTwice "claimed-twice" "Two environments claim the same cluster, database, listener, place of a site, distribution or function."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{text}");
            assert!(seen.insert(text), "{text} twice");
            assert!(code.meaning().ends_with('.'), "{text}");
        }
    }
}
