//! The code blocks of the README, taken apart.

/// Languages of blocks that hold no commands.
const DATA: [&str; 4] = ["json", "text", "toml", "yaml"];

/// A fenced block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// What a reader would type.
    pub(crate) commands: Vec<Command>,
}

/// What a reader would type, and what is shown to come out.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// Its line in the README.
    pub(crate) line: usize,
    pub(crate) text: String,
    /// Lines of its output; those in parentheses stand for what is left out.
    pub(crate) shown: Vec<String>,
}

impl Command {
    pub(crate) fn new(line: usize, text: &str) -> Self {
        Self { line, text: text.to_owned(), shown: Vec::new() }
    }
}

/// All blocks that hold commands.
pub(crate) fn blocks() -> Vec<Block> {
    let text = include_str!("../../../README.md");
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let mut blocks = Vec::new();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let inside: Vec<(usize, &str)> =
            lines.by_ref().take_while(|(_, line)| !line.trim_start().starts_with("```")).collect();
        let commands = match language {
            "sh" => typed(&inside),
            "console" => typed_and_shown(&inside),
            // One statement or several, it is one command.
            "python" => {
                let text: Vec<&str> = inside.iter().map(|(_, line)| *line).collect();
                vec![Command::new(at + 1, &text.join("\n"))]
            }
            language if DATA.contains(&language) => continue,
            other => panic!("line {at}: a block of {other:?}, and no test knows how to run it"),
        };
        assert!(!commands.is_empty(), "line {at}: a block without a command");
        blocks.push(Block { commands });
    }
    blocks
}

/// Each line is a command, unless the one before it ends with a backslash.
fn typed(lines: &[(usize, &str)]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for &(at, line) in lines {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => command.text = format!("{}\n{line}", command.text),
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
            None => commands.push(Command::new(at, line)),
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

/// Lines that begin with a prompt are commands, the others what comes out.
fn typed_and_shown(lines: &[(usize, &str)]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for &(at, line) in lines {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command::new(at, text));
        } else if !line.is_empty() && !line.starts_with('(') {
            let command = commands.last_mut().unwrap_or_else(|| panic!("line {at} comes before any command"));
            command.shown.push(line.to_owned());
        }
    }
    commands
}
