<?php
// As sites close their REST archive: a must-use plugin that refuses whoever is not signed in.
add_filter('rest_authentication_errors', function ($result) {
    return getenv('SITE_CLOSED') ? new WP_Error('rest_cannot_access', 'Only for members.', ['status' => 401]) : $result;
});
