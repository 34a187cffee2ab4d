//! Text from elsewhere, made safe for a terminal.

/// Names of files may hold anything: what would move the cursor or turn the text around is shown by its number.
pub fn plain(text: &str) -> String {
    let one = |c: char| match c {
        // Printable; escaped only where text is quoted.
        '\\' | '\'' | '"' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(plain("a/ü \"1\" it's\\.png"), "a/ü \"1\" it's\\.png");
        assert_eq!(plain("a\u{1b}[2J\n\r\u{202e}gnp.jpg"), "a\\u{1b}[2J\\n\\r\\u{202e}gnp.jpg");
    }
}
