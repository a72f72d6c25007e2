-- publish
{{ text }};
