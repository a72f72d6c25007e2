-- publish
attach if not exists ':memory:' as {{ database }};
