-- What this installation alone knows. Returns cursor_secret.
select cursor_secret from lastcall.installation
