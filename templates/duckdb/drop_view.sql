drop view {{name}}
