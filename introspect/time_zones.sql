-- PostgreSQL reads each zone's file for this view, which takes up to a tenth of a second. That is why it is not part of Load.
select name from pg_timezone_names order by name
