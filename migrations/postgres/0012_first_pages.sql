-- Operators and maintenance begin with the line that they are limited to. Roles for which a site chose another first page
-- keep it.
UPDATE role SET first_page = '/lines/{line}', version = version + 1
    WHERE seeded = 1 AND code = 'operator' AND first_page = '/';
UPDATE role SET first_page = '/lines/{line}?view=stops', version = version + 1
    WHERE seeded = 1 AND code = 'maintenance' AND first_page = '/';
