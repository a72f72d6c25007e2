set {{name}} = {{value}}
