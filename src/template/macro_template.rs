//! A macro's block as a template that declares the macro and hands it over.
//!
//! | as written | as rewritten | why |
//! | --- | --- | --- |
//! | `{% test t(model) %}` | `{% macro test_t(model) %}` | minijinja has macros only |
//! | `{% materialization m, adapter='x' %}` | `{% macro materialization_m_x() %}` | |
//! | `{% macro m(a) %}{{ varargs }}` | `{% macro m(a,varargs=(),kwargs=()) %}{{ varargs }}` | the caller fills them |
//! | `{% call c() %}{{ caller() }}{% endcall %}` | `{% call c() %}{{ __caller() }}{% endcall %}` | a call block has no caller of its own |
//! | `{% macro m(a, b=a) %}` | `{% macro m(a, b=__undefined) %}{%if b is undefined%}{%set b=(a)%}{%endif%}` | minijinja evaluates later defaults first |

use super::blocks::{Block, BlockKind};
use super::rewrite::rewrite;
use super::source_map::{Edit, SourceMap};

/// The template of a macro, a test or a materialization.
pub(crate) fn macro_template(file: &str, block: &Block) -> (String, SourceMap) {
    let header = &block.header;
    let mut edits = Vec::new();
    match block.kind {
        BlockKind::Materialization => {
            let all = header.keyword.start..header.close.start;
            edits.push(Edit::replace(&all, format!("macro {}() ", block.name)));
        }
        BlockKind::Test => {
            edits.push(Edit::replace(&header.keyword, "macro"));
            edits.push(Edit::insert(block.name_span.start, "test_"));
        }
        BlockKind::Macro | BlockKind::Snapshot | BlockKind::Docs => {}
    }
    if block.kind != BlockKind::Materialization {
        hidden_parameters(block, &mut edits);
        late_defaults(file, block, &mut edits);
    }
    if block.kind != BlockKind::Macro {
        edits.push(Edit::replace(&header.end_keyword, "endmacro"));
    }
    edits.push(Edit::insert(block.span.end, format!("{{%set __=__keep({})%}}", block.name)));
    let (text, map) = rewrite(file, block.span.clone(), edits);
    (text.into_owned(), map)
}

fn hidden_parameters(block: &Block, edits: &mut Vec<Edit>) {
    let Some((at, after_comma)) = block.header.parenthesis else { return };
    let header = &block.header;
    let hidden: Vec<&str> = [("varargs=()", header.varargs), ("kwargs=()", header.kwargs)]
        .into_iter()
        .filter_map(|(parameter, used)| used.then_some(parameter))
        .collect();
    if hidden.is_empty() {
        return;
    }
    let comma = if block.arguments.is_empty() || after_comma { "" } else { "," };
    edits.push(Edit::insert(at, format!("{comma}{}", hidden.join(","))));
}

fn late_defaults(file: &str, block: &Block, edits: &mut Vec<Edit>) {
    let mut late = String::new();
    if !block.header.outer_callers.is_empty() {
        late.push_str("{%set __caller=caller%}");
        let callers = block.header.outer_callers.iter();
        edits.extend(callers.map(|range| Edit::replace(range, "__caller")));
    }
    for (index, default) in block.header.defaults.iter().enumerate() {
        let Some(range) = default else { continue };
        let text = file[range.clone()].trim();
        let earlier = &block.arguments[..index];
        let refers = text
            .split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(|word| earlier.iter().any(|argument| argument.name == word));
        if refers {
            let name = &block.arguments[index].name;
            edits.push(Edit::replace(range, "__undefined"));
            let text = text.replace('\n', " ");
            let set = format!("{{%if {name} is undefined%}}{{%set {name}=({text})%}}{{%endif%}}");
            late.push_str(&set);
        }
    }
    if late.is_empty() {
        return;
    }
    let close = &block.header.close;
    if file[close.clone()].starts_with('-') {
        // the mark cuts the white space before the body: it moves to the last tag that stands there
        late.truncate(late.len() - "%}".len());
        late.push_str("-%}");
    }
    edits.push(Edit::insert(close.end, late));
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::*;

    #[test]
    fn each_kind_of_block_becomes_a_macro() {
        let cases = [
            ("{% macro m(a) %}x{% endmacro %}", "{% macro m(a) %}x{% endmacro %}"),
            ("{%- test t(model) -%}x{% endtest %}", "{%- macro test_t(model) -%}x{% endmacro %}"),
            (
                "{% materialization m, adapter='x', supported_languages=['sql'] -%}x{%- endmaterialization %}",
                "{% macro materialization_m_x() -%}x{%- endmacro %}",
            ),
            (
                "{% macro m(a, b=a ~ '!') -%} {{ kwargs }}{% endmacro %}",
                "{% macro m(a, b=__undefined,kwargs=()) -%}{%if b is undefined%}{%set b=(a ~ '!')%}{%endif-%} {{ kwargs }}{% endmacro %}",
            ),
        ];
        let cases = cases.into_iter().chain([
            (
                "{% macro m(a = []) %}{{ varargs }}{% endmacro %}",
                "{% macro m(a = ([]|__list),varargs=()) %}{{ varargs }}{% endmacro %}",
            ),
            (
                "{% macro m(a, b=[a], ) %}{% endmacro %}",
                "{% macro m(a, b=__undefined, ) %}{%if b is undefined%}{%set b=([a])%}{%endif%}{% endmacro %}",
            ),
        ]);
        for (source, expected) in cases {
            let block = &blocks(source)[0];
            let expected = format!("{expected}{{%set __=__keep({})%}}", block.name);
            assert_eq!(macro_template(source, block).0, expected);
        }
    }
}
