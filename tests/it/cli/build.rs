//! Builds without AWS or without remotes: they refuse what they lack, and say how to build it in.

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_how_to_build_it_in() {
    let machine = super::Machine::new();
    let (minimal, migration) = (["--dir", "examples/minimal"], ["--dir", "examples/migration"]);
    for args in [
        &["plan", "shop", minimal[0], minimal[1], "--cloud", "aws"][..],
        &["apply", "shop", minimal[0], minimal[1]],
        &["status", migration[0], migration[1], "--cloud", "aws"],
        &["import", "shop", "--region", "eu-central-2"],
        &["run", "--repo", "."],
    ] {
        let ended = machine.ended(machine.command_on_aws(args).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{args:?}: {}", ended.err);
        assert_built_by(&ended.err, "aws");
    }
    assert_eq!(std::fs::read_dir(machine.home()).unwrap().count(), 0, "a refusal makes no store");
}

#[cfg(not(feature = "remotes"))]
#[test]
fn a_build_without_remotes_says_how_to_build_them_in() {
    let machine = super::Machine::new();
    for place in
        ["https://git.example.org/a.git", "ssh://git@git.example.org/a.git", "git@git.example.org:a.git"]
    {
        for verb in ["validate", "run"] {
            let ended = machine.run(&[verb, "--repo", place]);
            assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{verb} {place}: {}", ended.err);
            assert_built_by(&ended.err, "remotes");
        }
    }
}

/// The hint is a command that builds what is missing.
#[cfg(not(all(feature = "aws", feature = "remotes")))]
fn assert_built_by(said: &str, feature: &str) {
    assert!(said.contains(&format!("without the feature `{feature}`")), "{said}");
    let hint = said.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    assert!(hint.contains("cargo build --release"), "{said}");
}
