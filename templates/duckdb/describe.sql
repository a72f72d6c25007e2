describe {{relation}}
