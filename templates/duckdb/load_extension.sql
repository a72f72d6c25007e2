load {{name}}
