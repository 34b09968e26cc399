//! The README and the pages of `docs/`, and the code blocks in them.

use std::path::Path;

/// Languages of blocks without commands.
const DATA: [&str; 5] = ["dockerfile", "json", "text", "toml", "yaml"];

/// A page with commands.
#[derive(Debug)]
pub(crate) struct Document {
    /// The page's path in the repository.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// What a reader would type.
    pub(crate) commands: Vec<Command>,
}

/// What a reader would type, and the output that the page shows.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    /// The page and line of the command.
    pub(crate) at: String,
    pub(crate) text: String,
    /// Lines of the shown output, except those in parentheses, which mark omissions.
    pub(crate) shown: Vec<String>,
}

impl Command {
    pub(crate) fn new(at: &str, text: &str) -> Self {
        Self { at: at.to_owned(), text: text.to_owned(), shown: Vec::new() }
    }
}

/// The README, then all pages of `docs/` by name.
pub(crate) fn documents() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let name = |path: std::path::PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let mut pages: Vec<String> = pages.map(name).collect();
    pages.sort();
    let names = std::iter::once("README.md".to_owned()).chain(pages);
    names
        .map(|name| Document { blocks: blocks(&name, &std::fs::read_to_string(root.join(&name)).unwrap()), name })
        .collect()
}

/// All blocks of a page that contain commands.
fn blocks(name: &str, text: &str) -> Vec<Block> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (format!("{name}:{}", at + 1), line));
    let mut blocks = Vec::new();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let inside: Vec<(String, &str)> =
            lines.by_ref().take_while(|(_, line)| !line.trim_start().starts_with("```")).collect();
        let commands = match language {
            "sh" => typed(&inside),
            "console" => typed_and_shown(&inside),
            // The whole block is one command, even if it has several statements.
            "python" => {
                let text: Vec<&str> = inside.iter().map(|(_, line)| *line).collect();
                vec![Command::new(&at, &text.join("\n"))]
            }
            language if DATA.contains(&language) => continue,
            other => panic!("{at}: a block of {other:?}, and no test knows how to run it"),
        };
        assert!(!commands.is_empty(), "{at}: a block without a command");
        blocks.push(Block { commands });
    }
    blocks
}

/// Each line is a command, unless the one before it ends with a backslash.
fn typed(lines: &[(String, &str)]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for (at, line) in lines {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => command.text = format!("{}\n{line}", command.text),
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
            None => commands.push(Command::new(at, line)),
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

/// Lines that begin with a prompt are commands; the others are output.
fn typed_and_shown(lines: &[(String, &str)]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for (at, line) in lines {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command::new(at, text));
        } else if !line.is_empty() && !line.starts_with('(') {
            let command = commands.last_mut().unwrap_or_else(|| panic!("{at} comes before any command"));
            command.shown.push((*line).to_owned());
        }
    }
    commands
}
