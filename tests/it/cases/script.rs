//! The form of a case file: prose, commands, what they say. Nothing here knows what a command does.

/// A file of cases.
#[derive(Debug)]
pub struct Script {
    /// What stands before the first case.
    pub head: Vec<String>,
    pub cases: Vec<Case>,
}

/// One world, and what happens in it.
#[derive(Debug)]
pub struct Case {
    pub title: String,
    pub parts: Vec<Part>,
}

#[derive(Debug)]
pub enum Part {
    /// A comment or an empty line, kept as it is.
    Prose(String),
    Command(Command),
}

/// `> words`, and the YAML below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Of the file, from 1.
    pub line: usize,
    pub words: String,
    pub yaml: String,
}

/// What a command says is indented by this.
const SAID: &str = "    ";
/// YAML that belongs to a command begins like this.
const YAML: &str = ">   ";
const TITLE: &str = "== ";

impl Script {
    /// Reads a file; what commands said when it was written is left out.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut script = Script { head: Vec::new(), cases: Vec::new() };
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(title) = line.strip_prefix(TITLE) {
                script.cases.push(Case { title: title.to_owned(), parts: Vec::new() });
                continue;
            }
            let Some(case) = script.cases.last_mut() else {
                assert!(line.is_empty() || line.starts_with('#'), "{name}:{number}: prose begins with `#`");
                script.head.push(line.to_owned());
                continue;
            };
            if let Some(yaml) = line.strip_prefix(YAML) {
                let Some(Part::Command(command)) = case.parts.last_mut() else {
                    panic!("{name}:{number}: YAML that belongs to no command");
                };
                command.yaml.push_str(yaml);
                command.yaml.push('\n');
            } else if let Some(words) = line.strip_prefix("> ") {
                let words = words.trim_end().to_owned();
                case.parts.push(Part::Command(Command { line: number, words, yaml: String::new() }));
            } else if line.is_empty() || line.starts_with('#') {
                case.parts.push(Part::Prose(line.to_owned()));
            } else {
                assert!(
                    line.starts_with(SAID),
                    "{name}:{number}: neither `#`, `>`, `==` nor indented: {line}"
                );
            }
        }
        script
    }

    /// The file with what `perform` says below each command.
    pub fn rewritten(&self, mut perform: impl FnMut(&Case) -> Vec<Vec<String>>) -> String {
        let mut lines = self.head.clone();
        for case in &self.cases {
            lines.push(format!("{TITLE}{}", case.title));
            let mut said = perform(case).into_iter();
            for part in &case.parts {
                match part {
                    Part::Prose(text) => lines.push(text.clone()),
                    Part::Command(command) => {
                        lines.push(format!("> {}", command.words));
                        lines.extend(command.yaml.lines().map(|line| format!("{YAML}{line}")));
                        let said = said.next().unwrap_or_default();
                        lines.extend(said.iter().map(|line| format!("{SAID}{line}").trim_end().to_owned()));
                    }
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

impl Case {
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.parts.iter().filter_map(|part| match part {
            Part::Command(command) => Some(command),
            Part::Prose(_) => None,
        })
    }
}
