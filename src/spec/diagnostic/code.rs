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
    NotUtf8 "not-utf8" "A file is not UTF-8 text."
    YamlSyntax "yaml-syntax" "A file is not YAML."
    Tab "tab" "A line is indented with a tab, which YAML does not allow."
    DuplicateKey "duplicate-key" "A key stands twice in one mapping."
    SeveralDocuments "several-documents" "A file holds more than one YAML document."
    TooDeep "too-deep" "A file is nested deeper than any declaration needs."
    TooManyAliases "too-many-aliases" "Aliases unfold to more than a declaration needs."
    YamlTag "yaml-tag" "A value carries a YAML tag (`!…`)."
    EmptyFile "empty-file" "A file declares nothing."
    ExtendsMissing "extends-missing" "`extends` names a file that does not exist."
    ExtendsLoop "extends-loop" "A file extends itself, possibly through others."
    ExtendsOutside "extends-outside" "`extends` leaves the repository."
    RemovesNothing "removes-nothing" "An empty value (`~`) removes a key that no base sets."
    UnknownKey "unknown-key" "A key that means nothing here."
    WrongType "wrong-type" "A value has the wrong shape: a list for a text, a number for a mapping."
    UnknownWord "unknown-word" "A word that is none of those allowed here."
    MissingKey "missing-key" "A key that must be there is not."
    EmptyList "empty-list" "A list that must name something is empty."
    ListedTwice "listed-twice" "A list names the same thing twice."
    NameDiffers "name-differs" "`name` is not the name of the file."
    BadName "bad-name" "A name has characters or a length that AWS does not allow."
    BadNumber "bad-number" "A number is outside its range."
    AccountNotQuoted "account-not-quoted" "An account is written as a number; YAML readers drop its leading zeros."
    BadAccount "bad-account" "An account does not have twelve digits."
    BadRegion "bad-region" "A region that cannot exist."
    BadRole "bad-role" "`assume_role` is not the ARN of a role in the declared account."
    BadDuration "bad-duration" "A duration cannot be read; it needs numbers with units."
    BadUrl "bad-url" "A URL is not absolute, has no host, or carries credentials."
    VersionNotText "version-not-text" "A version is written as a number; YAML would read 1.10 as 1.1."
    BadVersion "bad-version" "A version has characters that image tags do not allow."
    UnusedVersion "unused-version" "An entry of `versions` that nothing uses."
    BadTemplate "bad-template" "A template has a brace without its partner, or an empty one."
    UnknownPlaceholder "unknown-placeholder" "A template names an entry that `versions` does not have."
    BadImage "bad-image" "An image reference that no registry can have."
    BadSource "bad-source" "A site's source is not `s3://bucket/prefix/`."
    UnknownService "unknown-service" "A name that is no key of `services`."
    DependencyCycle "dependency-cycle" "Services wait for each other in a circle."
    AutoscalingRange "autoscaling-range" "`min` is greater than `max`."
    CountOutsideAutoscaling "count-outside-autoscaling" "`count` is outside the range of `autoscaling`."
    UpInRunning "up-in-running" "`up_in` lacks `running`."
    UpInStopped "up-in-stopped" "`up_in` holds `stopped`."
    UpInMigration "up-in-migration" "A service that follows the migrated version is up while migrations run."
    DatabaseTarget "database-target" "`database` does not name exactly one instance or cluster."
    MigrationWithoutDatabase "migration-without-database" "A migration without a database: its tag has nowhere to live."
    UnknownVersion "unknown-version" "`follows` names no entry of `versions`."
    FollowedVersionEmpty "followed-version-empty" "The migrated version is empty."
    MigrationImageFixed "migration-image-fixed" "No image of the migration changes with the version it follows."
    FollowedByNoService "followed-by-no-service" "No service uses the version that is migrated."
    NoGate "no-gate" "A state or a migration that wants a closed gate, without `maintenance`."
    GatesNothing "gates-nothing" "`maintenance` names neither a load balancer nor CloudFront."
    BadHeader "bad-header" "A header name that rules and functions cannot match."
    SecretSource "secret-source" "`value_from` does not name exactly one place."
    CheckNotHttps "check-not-https" "A check would carry the bypass header unencrypted."
    UnknownTimezone "unknown-timezone" "No such IANA time zone."
    BadCron "bad-cron" "A crontab line cannot be read."
    StartIsStop "start-is-stop" "`start` and `stop` happen at the same minutes."
    BadDate "bad-date" "A day, a range of days or hours on a day cannot be read."
    HolidaysMissing "holidays-missing" "`holidays` names a file that does not exist."
    HolidaysOutside "holidays-outside" "`holidays` leaves the repository."
    BadCalendar "bad-calendar" "A calendar of holidays cannot be read."
    CalendarEvent "calendar-event" "An event of a calendar is not understood and left out."
    BadTime "bad-time" "An instant cannot be read; it needs a date, a time and an offset."
    OverrideExpired "override-expired" "An override has ended and no longer does anything."
    BadWindow "bad-window" "A window cannot be read."
    WindowsMissSchedule "windows-miss-schedule" "Windows never meet the hours of the schedule: nothing could be released."
    ClaimedTwice "claimed-twice" "Two environments claim the same cluster, database, listener, bucket, distribution or function."
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
