What binds queries runs none of them: no optimizer, no file, no extension that is not loaded by now.
-- publish
use {{ database }};
set enable_external_access = false;
pragma disable_optimizer;
