//! Finding the sums and differences of a tag, to make filters of them: `a + b - c` → `(a)|__add(b)|__sub(c)`.
//!
//! The engine adds numbers, texts and lists; dates and sets need a function. A sum is what stands between two
//! separators of the same brackets; its terms are what stands between its operators, since everything else binds
//! tighter. A sum with a number or a text among its terms cannot be one of dates and is left to the engine.

use std::ops::Range;

use super::lexer::Token;
use super::source_map::Edit;

/// What a template mentions that may compute with dates or sets.
const HINTS: [&str; 6] = ["date", "time", "day", "delta", "started_at", "set("];

/// Whether the sums of a template are worth a look.
pub(crate) fn may_need_functions(template: &str) -> bool {
    HINTS.iter().any(|hint| template.contains(hint))
}

/// What a token is to a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It ends a sum: a comma, a comparison, `and`, ...
    Separator,
    /// `+` or `-` between operands.
    Operator,
    /// A bracket that opens.
    Open,
    /// A bracket that closes.
    Close,
    /// Any other part of a term.
    Part,
}

#[derive(Debug, Default)]
struct Sum {
    start: Option<usize>,
    operators: Vec<(Range<usize>, bool)>,
    /// The tokens of the term so far, and what the first one is.
    tokens: usize,
    first: Option<Token>,
    /// Whether a term rules dates out.
    plain: bool,
}

impl Sum {
    fn end_term(&mut self) {
        let is_plain = match self.first {
            None | Some(Token::Text | Token::Mark(b'[' | b'{')) => true,
            Some(Token::Number) => self.tokens == 1,
            Some(_) => false,
        };
        self.plain |= is_plain;
        self.tokens = 0;
        self.first = None;
    }

    fn end(mut self, at: usize) -> Vec<Edit> {
        self.end_term();
        let Some(start) = self.start.filter(|_| !self.plain && !self.operators.is_empty()) else {
            return Vec::new();
        };
        let mut edits = vec![Edit::insert(start, "(")];
        for (range, is_plus) in self.operators {
            edits.push(Edit::replace(&range, if is_plus { ")|__add(" } else { ")|__sub(" }));
        }
        edits.push(Edit::insert(at, ")"));
        edits
    }
}

/// The sums of one tag that are being read, from the outermost brackets inwards.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    open: Vec<Sum>,
    current: Sum,
}

impl Sums {
    /// Reads a token; `before` is the end of the one before it. Gives the edits of a sum that ends here.
    pub(crate) fn read(
        &mut self,
        role: Role,
        token: Token,
        range: &Range<usize>,
        before: usize,
    ) -> Vec<Edit> {
        match role {
            Role::Separator => return std::mem::take(&mut self.current).end(before),
            Role::Operator => {
                self.current.end_term();
                self.current.operators.push((range.clone(), token == Token::Mark(b'+')));
            }
            Role::Open => {
                self.part(token, range);
                self.open.push(std::mem::take(&mut self.current));
            }
            Role::Close => {
                let outer = self.open.pop().unwrap_or_default();
                return std::mem::replace(&mut self.current, outer).end(before);
            }
            Role::Part => self.part(token, range),
        }
        Vec::new()
    }

    fn part(&mut self, token: Token, range: &Range<usize>) {
        self.current.start.get_or_insert(range.start);
        self.current.first.get_or_insert(token);
        self.current.tokens += 1;
    }
}
